"""What 16 shots a label teach, the model left as it is: mean and sd over 5 seeds on rows that no seed's shots hold.

Weights of label words are in ``test_label_words``: with one word a label there is nothing to weigh.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import pytest
import torch
from over_seeds import SEEDS, told

from promptlab.jobs import finish, make_plan
from promptlab.jobs.plan import Plan
from promptlab.jobs.words.learn import Wanted, default_depths, learn
from promptlab.jobs.words.learned import LearnedBySeeds
from promptlab.jobs.words.methods import Method
from promptlab.jobs.words.setting import one_prompt, read_whole
from promptlab.model import Depth, LanguageModel, Readout, ReadoutCache, load_model
from promptlab.pipeline import as_scores, label_places
from promptlab.scoring.learned.choose import choose
from promptlab.scoring.learned.linear import fit_linear
from promptlab.scoring.learned.prototypes import fit_means
from promptlab.scoring.learned.protoverb import fit_protoverb
from promptlab.scoring.protocol import Verbalizer
from promptlab.spec import RunSpec

pytestmark = pytest.mark.bench


@dataclass(frozen=True)
class Case:
    """A task, the template of a masked and of a causal model, rows of test (None: all of them), and an accuracy below
    which ``auto`` must not fall with gemma-3-270m, about two standard errors under what it had at first."""

    folder: str
    masked: str
    causal: str
    limit: int | None
    floor: float

    def template(self, lm: LanguageModel) -> str:
        """The name of the model's template."""
        return f"{self.folder}#{self.causal if lm.family == 'causal' else self.masked}"

    def plan(self, data: Path, lm: LanguageModel) -> Plan:
        """The template with plain words."""
        words = (f"{self.folder}#manual",)
        return make_plan(RunSpec(task=str(data / self.folder), template=(self.template(lm),), words=words))


CASES = [
    Case("sst2", "it-was", "film-short", None, 0.855),
    Case("ag_news", "topic-about", "article-about", 2000, 0.86),
    Case("trec", "prefix", "answer-is-open", None, 0.80),
]
WAYS: list[tuple[str, Method, tuple[Depth, ...]]] = [
    *((method, method, ()) for method in ("auto", "soft", "prototype", "linear")),
    *((f"{method}, top", method, ("top",)) for method in ("prototype", "linear", "auto")),
]
MODELS = [pytest.param("embedded"), pytest.param("gemma-3-270m", marks=pytest.mark.real)]


@pytest.fixture(scope="module", params=MODELS)
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return load_model(request.param)


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_every_method_on_16_shots(data: Path, lm: LanguageModel, readings: ReadoutCache, case: Case) -> None:
    started = time.perf_counter()
    plan = case.plan(data, lm)
    found: dict[str, LearnedBySeeds] = {}
    for way, method, depths in WAYS:
        wanted = Wanted(method, 16, SEEDS, depths, split="test", limit=case.limit)
        found[way] = finish(learn(lm, plan, wanted.draw(plan.task), wanted, cache=readings))
        if way == "auto":
            others = sum(sum(run.seconds.values()) for run in found[way].runs[1:])
            took = time.perf_counter() - started - others
    first = found["auto"].first
    rows = len(first.shots.unseen)
    print(f"\n{lm.name}, {case.template(lm)}, {lm.dtype}: {rows} rows of test, {len(SEEDS)} seeds of 16 shots")
    words = [run.words for run in found["auto"].runs if run.words is not None]
    print(f"  {'words raw':20} {told([one.raw.accuracy for one in words])}")
    print(f"  {'words, batch':20} {told([one.scores.accuracy for one in words])}")
    for way, by_seed in found.items():
        learning = median(run.seconds["learning"] for run in by_seed.runs)
        print(f"  {way:20} {told(by_seed.accuracies)}; learning {learning:.2f} s")
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in first.seconds.items())
    print(f"  auto from files to figures, one seed: {took:.1f} s where nothing was read before ({stages})")
    for run in found["auto"].runs:
        assert run.choice is not None
        print(f"    seed {run.seed}: {run.choice.chosen.name} {run.pipeline.verbalizer.depths}")
    if lm.family == "causal":
        assert mean(found["auto"].accuracies) >= case.floor


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_both_forms_of_prototypes_and_their_time(
    data: Path, lm: LanguageModel, readings: ReadoutCache, case: Case
) -> None:
    plan = case.plan(data, lm)
    template, _ = one_prompt(plan)
    labels, wanted = plan.task.labels, Wanted("prototype", 16, SEEDS, split="test", limit=case.limit)
    drawn, depths = wanted.draw(plan.task), default_depths(lm.layers)
    rows = finish(read_whole(lm, template, drawn[0].unseen, depths=("top",), cache=readings))
    accuracies: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}

    def note(way: str, started: float, verbalizer: Verbalizer | None = None) -> None:
        seconds.setdefault(way, []).append(time.perf_counter() - started)
        if verbalizer is not None:
            scores = as_scores(labels, verbalizer(rows), drawn[0].unseen)
            accuracies.setdefault(way, []).append(scores.accuracy)

    for shots, seed in zip(drawn, SEEDS, strict=True):
        few: Readout = finish(read_whole(lm, template, shots.train, depths=depths, cache=readings))
        targets = torch.tensor(label_places(labels, shots.train))
        started = time.perf_counter()
        note("closed form (class means)", started, fit_means(few, targets, labels))
        started = time.perf_counter()
        note("trained (ProtoVerb)", started, fit_protoverb(few, targets, labels, seed=seed))
        started = time.perf_counter()
        for depth in depths[-4:]:
            fit_linear(few, targets, labels, depth=depth, seed=seed)
        note("linear at 4 depths", started)
        started = time.perf_counter()
        choose(few, targets, labels, depths=depths, seed=seed)
        note(f"choosing, {len(depths)} depths", started)
    print(
        f"\n{lm.name}, {case.template(lm)}, top, {len(rows)} rows, {len(SEEDS)} seeds of 16 shots, {len(labels)} labels"
    )
    for way, times in seconds.items():
        accuracy = f"{told(accuracies[way])}; " if way in accuracies else ""
        print(f"  {way:26} {accuracy}{median(times):.2f} s (n={len(times)}, median)")
    assert all(mean(found) > 1.2 / len(labels) for found in accuracies.values())
