"""The embedded model on real data with the library's templates and words, raw and batch-calibrated, no labels used."""

from pathlib import Path

import pytest

from promptlab.jobs import Rows, choose_support, evaluate, finish, make_plan
from promptlab.jobs.plan import cell_name
from promptlab.model import ReadoutCache, load_model
from promptlab.pipeline import Pipeline
from promptlab.results.wording import accuracy
from promptlab.spec import RunSpec

pytestmark = pytest.mark.bench
CASES = [("sst2", "dev", "sst2"), ("sst2", "test", "sst2"), ("ag_news", "test", "ag_news"), ("trec", "test", "trec")]


@pytest.mark.parametrize(("folder", "split", "library"), CASES)
def test_best_and_worst_template(data: Path, folder: str, split: str, library: str) -> None:
    lm, cache = load_model("embedded"), ReadoutCache()
    spec = RunSpec(task=str(data / folder), split=split, template=(library,), words=(f"{library}#manual",))
    plan = make_plan(spec)
    rows = Rows(plan.rows, folder, split, plan.task.fingerprint)
    table = []
    for template, words in plan.cells:
        support = choose_support("batch", plan.task, split, seed=13)
        found = finish(evaluate(Pipeline.of(lm, template, words), rows, support=support, cache=cache))
        table.append((found.raw, found.scores, cell_name(template, words)))
    print(f"\n{folder} {split}, {len(plan.rows)} rows, {len(table)} templates, {lm.dtype}")
    for name, place in (("raw", 0), ("batch-calibrated", 1)):
        for end, row in (
            ("best", max(table, key=lambda row: row[place].accuracy)),
            ("worst", min(table, key=lambda row: row[place].accuracy)),
        ):
            scores = row[place]
            print(f"  {name} {end}: {accuracy(scores.accuracy, scores.interval(), scores.n)}  {row[2]}")
        mean = sum(row[place].accuracy for row in table) / len(table)
        print(f"  {name} mean over templates: {mean:.3f}")
    assert len(table) > 1
