"""Label words without labels, from plain to expanded, refined and calibrated, and the time that refining takes."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import get_args

import pytest
import torch
from over_seeds import SEEDS, told

from promptlab.jobs import choose_support, finish
from promptlab.jobs.plan import Plan, make_plan
from promptlab.jobs.support import fit_calibration
from promptlab.jobs.words import learn as learning
from promptlab.jobs.words.expand import expand
from promptlab.jobs.words.expansion import Material, Wanted
from promptlab.jobs.words.setting import one_prompt, read_whole, unlabelled_texts
from promptlab.model import LanguageModel, Readout, ReadoutCache, load_model
from promptlab.pipeline import Pipeline, as_scores, label_places
from promptlab.results import Scores, compare
from promptlab.results.wording import figure, interval
from promptlab.scoring import WordVerbalizer, calibrate, calibrate_words, fit_weights, word_priors
from promptlab.scoring.calibrate import mean_of_probabilities
from promptlab.scoring.refinement import refine
from promptlab.scoring.refinement.cleaning import clean
from promptlab.spec import RunSpec
from promptlab.verbalizer import CalibrationKind, LabelWords, Word, resolve_words

pytestmark = pytest.mark.bench
MODELS = [pytest.param("embedded"), pytest.param("gemma-3-270m", marks=pytest.mark.real)]
LABELS = {"World": "world", "Sports": "sports", "Business": "business", "Tech": "sci_tech"}
EXPANDED = 100  # words a label


@dataclass(frozen=True)
class Case:
    """A task, its split and rows (None: all), the templates of a masked and of a causal model, and the list of label
    words from knowledge bases."""

    folder: str
    split: str
    limit: int | None
    masked: str
    causal: str
    lists: str | None

    def template(self, lm: LanguageModel) -> str:
        """The name of the model's template."""
        return f"{self.folder}#{self.causal if lm.family == 'causal' else self.masked}"


CASES = [
    Case("sst2", "dev", None, "it-was", "film-short", "sentiment"),
    Case("sst2", "test", None, "it-was", "film-short", "sentiment"),
    Case("ag_news", "test", 2000, "topic-about", "article-about", "ag_news"),
    Case("trec", "test", None, "answer-is", "answer-is-open", None),
]


@dataclass(frozen=True)
class Read:
    """What is read once: the rows, and the unlabelled texts that words are refined on."""

    plan: Plan
    lm: LanguageModel
    cache: ReadoutCache
    rows: Readout
    texts: Readout

    def about(self, case: Case) -> str:
        """What was read, by which model."""
        return f"{self.lm.name}, {case.template(self.lm)}, {case.split}, {self.lm.dtype}"

    def scores(self, words: LabelWords) -> Scores:
        """The rows' scores with these words."""
        return as_scores(words.labels, WordVerbalizer(words)(self.rows), self.plan.rows)


@pytest.fixture(scope="module", params=MODELS)
def lm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTLAB_CACHE", str(tmp_path_factory.mktemp("models")))
        return load_model(request.param)


@pytest.mark.parametrize("case", CASES)
def test_plain_expanded_refined_and_calibrated_words(
    data: Path, lm: LanguageModel, readings: ReadoutCache, case: Case
) -> None:
    read = read_case(case, data, lm, readings)
    print(f"\n{read.about(case)}, {len(read.plan.rows)} rows; no labels used")
    kinds = ["uncalibrated", *get_args(CalibrationKind), "word, probabilities averaged"]
    print(f"  {'words':36}" + "".join(f"{kind:25}" for kind in kinds))
    plain = read.scores(one_prompt(read.plan)[1])
    best = (plain, "plain")
    for name, words in word_sets(read, data, case.folder, case.lists):
        found = [read.scores(words), *(read.scores(one) for one in calibrated(read, words))]
        cells = (f"{figure(one.accuracy)} ({interval(one.interval())})" for one in found)
        print(f"  {name:36}" + "".join(f"{cell:25}" for cell in cells))
        best = max([best, *((one, name) for one in found)], key=lambda pair: pair[0].accuracy)
    print(f"  {compare(plain, best[0], names=('plain', best[1])).sentence} (the best of all, chosen on these rows)")
    assert best[0].accuracy >= plain.accuracy


@pytest.mark.parametrize("case", CASES[1:])
def test_weights_of_words_learnt_on_16_shots(data: Path, lm: LanguageModel, readings: ReadoutCache, case: Case) -> None:
    read = read_case(case, data, lm, readings)
    task, wanted = read.plan.task, learning.Wanted("weights", 16, SEEDS, split=case.split, limit=case.limit)
    drawn, prompt = wanted.draw(task), one_prompt(read.plan)[0]
    every = [finish(read_whole(lm, prompt, shots.train, cache=read.cache)) for shots in drawn]
    rows = finish(read_whole(lm, prompt, drawn[0].unseen, cache=read.cache))
    print(f"\n{read.about(case)}, {len(rows)} rows; {len(SEEDS)} seeds of 16 shots")
    plain = as_scores(task.labels, WordVerbalizer(one_prompt(read.plan)[1])(rows), drawn[0].unseen).accuracy
    for name, words in word_sets(read, data, case.folder, case.lists):
        found: dict[str, list[float]] = {"raw": [], "batch": []}
        for few, shots in zip(every, drawn, strict=True):
            weighed = fit_weights(words, few, torch.tensor(label_places(task.labels, shots.train)))
            batch = calibrate(weighed, WordVerbalizer(weighed).raw(read.texts), "batch", support="")
            for key, each in (("raw", weighed), ("batch", batch)):
                scores = as_scores(each.labels, WordVerbalizer(each)(rows), drawn[0].unseen)
                found[key].append(scores.accuracy)
        print(f"  {name:36}" + "".join(f"{key} {told(values):22}" for key, values in found.items()))
        assert mean(found["raw"]) >= plain


def test_refinement_of_300_words_a_label_is_timed(data: Path, lm: LanguageModel, readings: ReadoutCache) -> None:
    template = "ag_news#article-about" if lm.family == "causal" else "ag_news#topic-about"
    read = read_once(make_plan(RunSpec(task=str(data / "ag_news"), limit=10, template=(template,))), lm, readings)
    words = from_lists(data, "ag_news", read.plan)
    words = replace(words, words={label: row[:300] for label, row in words.words.items()})
    for form in ("paper", "code"):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            refine(words, read.texts, form=form)  # type: ignore[arg-type]
            times.append(time.perf_counter() - started)
        count = len(words.every_word())
        print(f"\n{lm.name}: {count} words on {len(read.texts)} texts, {form}: {sorted(times)[2]:.2f} s (n=5, median)")
        assert sorted(times)[2] < 3


def read_case(case: Case, data: Path, lm: LanguageModel, cache: ReadoutCache) -> Read:
    """The case's rows and texts, with plain words."""
    task, words = str(data / case.folder), (f"{case.folder}#manual",)
    spec = RunSpec(task=task, split=case.split, limit=case.limit, template=(case.template(lm),), words=words)
    return read_once(make_plan(spec), lm, cache)


def read_once(plan: Plan, lm: LanguageModel, cache: ReadoutCache) -> Read:
    template, words = one_prompt(plan)
    whole = Pipeline.of(lm, template, words).verbalizer.whole_words(lm, template)
    texts, _ = unlabelled_texts(plan, 200, seed=13)
    rows = finish(read_whole(lm, template, plan.rows, words=whole, cache=cache))
    return Read(plan, lm, cache, rows, finish(read_whole(lm, template, texts, words=whole, cache=cache)))


def word_sets(read: Read, data: Path, folder: str, lists: str | None) -> Iterator[tuple[str, LabelWords]]:
    """Plain words of the library, then every longer list as it is and refined, each with its number of words."""
    for entry in ("manual", "several"):
        yield from (
            (f"{folder}#{entry}", words)
            for words in resolve_words(folder, read.plan.task.labels)
            if words.name.endswith(f"#{entry}")
        )
    longer = {"expanded": expanded(read)}
    if lists is not None:
        longer["KPT's lists"] = clean(from_lists(data, lists, read.plan))
    for name, words in longer.items():
        yield counted(name, words), words
        for form in ("paper", "code"):
            refined = refine(words, read.texts, form=form).words  # type: ignore[arg-type]
            yield counted(f"{name}, refined ({form})", refined), refined


def counted(name: str, words: LabelWords) -> str:
    return f"{name}: {len(words.every_word())}"


def expanded(read: Read) -> LabelWords:
    """The plain words and what WordNet, neighbours and the model itself say, all accepted."""
    template, words = one_prompt(read.plan)
    texts, _ = unlabelled_texts(read.plan, 200, seed=13)
    wanted = Wanted(sources=("wordnet", "neighbours", "model"), count=EXPANDED)
    events = expand(read.lm, words, wanted, Material(template, texts), cache=read.cache)
    return clean(finish(events).accepted("all"))


def from_lists(data: Path, name: str, plan: Plan) -> LabelWords:
    table = json.loads((data / "kpt_words" / f"{name}.json").read_text(encoding="utf-8"))
    rows = {LABELS.get(label, label): tuple(map(Word, words)) for label, words in table.items()}
    return LabelWords({label: rows[label] for label in plan.task.labels})


def calibrated(read: Read, words: LabelWords) -> Iterator[LabelWords]:
    """Each kind, fitted on its texts; and KPT's prior of words with their probabilities averaged, as its paper does."""
    template, _ = one_prompt(read.plan)
    pipeline = Pipeline.of(read.lm, template, words)
    for kind in get_args(CalibrationKind):
        support = choose_support(kind, read.plan.task, read.plan.split, seed=13)
        fitted = finish(fit_calibration(pipeline, support, read.plan.rows, cache=read.cache)).words
        assert fitted is not None
        yield fitted
    averaged = mean_of_probabilities(words)
    priors = word_priors(read.texts, averaged.every_word(), pieces=averaged.pieces)
    yield calibrate_words(averaged, priors, "word", support="")
