"""Searches for label words beside plain words: 16 shots a label, 5 seeds, mean and sd on rows that no search saw."""

import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from over_seeds import SEEDS, told

from promptlab.jobs import finish, make_plan
from promptlab.jobs.words.search import METHODS, search_words
from promptlab.jobs.words.shots import Shots, draw_shots
from promptlab.model import LanguageModel, ReadoutCache, load_model
from promptlab.spec import RunSpec
from promptlab.task import Task

pytestmark = pytest.mark.bench
# Folder, the template of a masked and of a causal model, and rows of test (None: all of them).
CASES = [("sst2", "it-was", "film-short", None), ("ag_news", "topic-about", "article-about", 2000)]
CASES += [("trec", "answer-is", "answer-is-open", None)]
MODELS = [pytest.param("embedded"), pytest.param("gemma-3-270m", marks=pytest.mark.real)]
# A method under other settings than its defaults.
SETTINGS: list[tuple[Any, dict[str, Any]]] = [(method, {}) for method in METHODS]
SETTINGS += [("petal", {"form": "cross-entropy"}), ("greedy", {"by": "accuracy"}), ("beam", {"refit": True})]


@pytest.fixture(scope="module", params=MODELS)
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return load_model(request.param)


def drawn(task: Task, limit: int | None) -> list[Shots]:
    """The same unseen rows for every seed, so that they are read once; less those with the text of a shot."""
    first = draw_shots(task, 16, seed=SEEDS[0], limit=limit)
    every = [replace(draw_shots(task, 16, seed=seed), unseen=first.unseen) for seed in SEEDS]
    shown = {tuple(row.fields.items()) for shots in every for row in shots.train}
    unseen = [row for row in first.unseen if tuple(row.fields.items()) not in shown]
    return [replace(shots, unseen=unseen) for shots in every]


@pytest.mark.parametrize(("folder", "masked", "causal", "limit"), CASES, ids=[case[0] for case in CASES])
def test_words_found_on_16_shots_beside_plain_words(
    data: Path, lm: LanguageModel, readings: ReadoutCache, folder: str, masked: str, causal: str, limit: int | None
) -> None:
    name = causal if lm.family == "causal" else masked
    spec = RunSpec(task=str(data / folder), template=(f"{folder}#{name}",), words=(f"{folder}#manual",))
    plan = make_plan(spec)
    every, figures, seconds = drawn(plan.task, limit), defaultdict(list), defaultdict(list)
    for seed, shots in zip(SEEDS, every, strict=True):
        for method, settings in SETTINGS:
            started = time.perf_counter()
            found = finish(search_words(lm, plan, shots, method, settings=settings, seed=seed, cache=readings))
            key = " ".join([method, *map(str, settings.values())])
            seconds[key].append(time.perf_counter() - started)
            before, after = found.evaluations
            figures[key].append((after.raw.accuracy, after.scores.accuracy))
            figures["plain words"].append((before.raw.accuracy, before.scores.accuracy))
    print(
        f"\n{lm.name}, {folder}#{name}, {lm.dtype}: {len(every[0].unseen)} rows of test, {len(SEEDS)} seeds of 16 shots"
    )
    for key in ("plain words", *seconds):
        raw, batch = zip(*figures[key], strict=True)
        took = f", {mean(seconds[key][1:]):.1f} s with both evaluations, readings kept" if key in seconds else ""
        print(f"  {key:22} raw {told(raw)}, batch-calibrated on the shots {told(batch)}{took}")
    assert all(len(found) == len(SEEDS) for found in seconds.values())
