"""Models on real data with the library's templates and words: raw, batch- and contextually calibrated, no labels."""

import time
from pathlib import Path
from statistics import mean

import pytest

from promptlab.errors import ModelError
from promptlab.jobs import Rows, choose_support, evaluate, finish, make_plan
from promptlab.jobs.plan import cell_name
from promptlab.model import LanguageModel, ReadoutCache, load_model
from promptlab.pipeline import Pipeline
from promptlab.results import Scores
from promptlab.results.wording import accuracy
from promptlab.spec import RunSpec
from promptlab.template import Demonstrations, Template

pytestmark = pytest.mark.bench
# Folder, split and rows (None: all of them); each folder's name is its library's.
CASES = [("sst2", "dev", None), ("sst2", "test", None), ("ag_news", "test", 2000), ("trec", "test", None)]
CASES += [("rte", "dev", None), ("ag_news", "test", None)]
MODELS = [pytest.param("embedded"), pytest.param("gemma-3-270m", marks=pytest.mark.real)]
KINDS = ("raw", "batch", "contextual")


@pytest.fixture(scope="module", params=MODELS)
def lm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTLAB_CACHE", str(tmp_path_factory.mktemp("models")))
        return load_model(request.param)


@pytest.mark.parametrize(("folder", "split", "limit"), CASES)
def test_best_and_worst_template(data: Path, lm: LanguageModel, folder: str, split: str, limit: int | None) -> None:
    if lm.family == "causal" and folder == "ag_news" and limit is None:
        pytest.skip("a causal model reads 2,000 of these rows")
    spec = RunSpec(task=str(data / folder), split=split, limit=limit, template=(folder,), words=(f"{folder}#manual",))
    plan = make_plan(spec)
    rows = Rows(plan.rows, folder, split, plan.task.fingerprint)
    cells = [cell for cell in plan.cells if answers_at_once(lm, cell[0])]
    cache, table, reading = ReadoutCache(), [], 0.0
    for template, words in cells:
        pipeline, started = Pipeline.of(lm, template, words), time.monotonic()
        list(pipeline.read(plan.rows, cache=cache))
        reading += time.monotonic() - started
        found: dict[str, Scores] = {}
        for kind in ("batch", "contextual"):
            support = choose_support(kind, plan.task, split, seed=13)
            evaluation = finish(evaluate(pipeline, rows, support=support, cache=cache))
            found |= {"raw": evaluation.raw, kind: evaluation.scores}
        table.append((found, cell_name(template, words)))
    print(f"\n{lm.name}, {folder} {split}, {len(plan.rows)} rows, {len(table)} templates, {lm.dtype}", end=", ")
    print(f"{len(cells) * len(plan.rows) / reading:.0f} rows/s")
    for kind in KINDS:
        ranked = sorted(table, key=lambda row: row[0][kind].accuracy)
        middle = mean(row[0][kind].accuracy for row in table)
        for end, (row, name) in (("worst", ranked[0]), ("best", ranked[-1])):
            scores = row[kind]
            print(f"  {kind} {end}: {accuracy(scores.accuracy, scores.interval(), scores.n)}  {name}")
        print(f"  {kind} mean over templates: {middle:.3f}")
    assert table


def answers_at_once(lm: LanguageModel, template: Template) -> bool:
    """Whether the model can answer the template, without reading every label word anew, and it stands there once.

    Without solved examples, a template with their place is another one over again.
    """
    try:
        lm.check(template)
    except ModelError:
        return False
    return not lm.is_whole_only(template) and Demonstrations() not in template.parts
