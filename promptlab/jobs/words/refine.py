"""Refine label words on unlabelled texts, and measure before and after on labelled rows."""

from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from promptlab.errors import ConfigError
from promptlab.jobs.plan import Plan
from promptlab.jobs.support import FEWEST_TEXTS, SUPPORT_ROWS
from promptlab.jobs.words.setting import check_slot, described, one_prompt, read_whole, unlabelled_texts
from promptlab.model import LanguageModel, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.model.spelling import Spelling
from promptlab.pipeline import as_scores
from promptlab.results import Comparison, Event, Note, Scores, compare
from promptlab.scoring import WordVerbalizer, calibrate_words, word_priors
from promptlab.scoring.calibrate import mean_of_probabilities
from promptlab.scoring.priors import lopsided_words, mean_logprobs
from promptlab.scoring.refinement import Form, Judged, Refinement, refine
from promptlab.scoring.refinement.cleaning import bring_back, judged_places
from promptlab.task import Task
from promptlab.template import guess_kind
from promptlab.template.library import library_file
from promptlab.text import counted
from promptlab.verbalizer import LabelWords, Pieces, Word, to_table

KEEP = 0.5


@dataclass(frozen=True)
class Wanted:
    """How to refine. ``keep`` and ``relevance`` are chosen by the kind of task where None.

    ``texts`` is how many unlabelled texts are read; ``calibrate`` divides out each word's prior as well (KPT's steps 4
    and 5). The others as in ``scoring.refine.refine``.
    """

    form: Form = "paper"
    keep: float | None = None
    relevance: bool | None = None
    texts: int = SUPPORT_ROWS["word"]
    back: Collection[str] = ()
    also_off: bool = False
    calibrate: bool = False
    seed: int = 13


@dataclass(frozen=True)
class Refined:
    """What refining leaves: the ``words``, what was found about each, and scores with the words before and after."""

    words: LabelWords
    refinement: Refinement
    before: Scores
    after: Scores
    result: dict[str, Any]

    @property
    def comparison(self) -> Comparison:
        """After against before on the same rows."""
        return compare(self.before, self.after, names=("as given", "refined"))

    def to_json(self) -> dict[str, Any]:
        """Everything in JSON's types; the figures at the top are those after."""
        return {
            **self.result,
            **self.after.figures(),
            "before": self.before.figures(),
            "comparison": self.comparison.to_json(),
            "vocabulary": self.refinement.vocabulary,
            "judged": [_entry(one) for one in self.refinement.judged],
            "words": to_table(self.words),
        }


def refine_words(
    plan: Plan, lm: LanguageModel, wanted: Wanted, *, cache: ReadoutStore | None = None
) -> Generator[Event, None, Refined]:
    """Read unlabelled texts and the plan's rows once each, refine the words on the former, score both on the latter.

    Yields Progress and Note. Raises ConfigError as ``refine`` does, for fewer than ``FEWEST_TEXTS`` texts, and for a
    template that would need a reading for every word.
    """
    template, words = one_prompt(plan)
    check_slot(lm, template)
    if words.calibration is not None:
        yield Note("info", "The words' calibration was fitted to all of them, and is left out.")
    words = replace(words, calibration=None)
    keep, relevance, sentence = _by_kind(plan.task, wanted)
    if sentence:
        yield Note("info", sentence)
    readout, support = yield from _read_support(plan, lm, words, wanted, cache)
    refinement = refine(
        words, readout, form=wanted.form, keep=keep, relevance=relevance, back=wanted.back, also_off=wanted.also_off
    )
    yield from (Note("info", note) for note in refinement.notes)
    after = refinement.words
    if wanted.calibrate:
        after = _calibrated(after, readout, wanted.form, support=f"{support}, {plan.task.fingerprint[:12]}")
    elif warning := lopsided_words(after, _priors(after)):
        yield Note("warning", warning)
    scored = [*words.every_word(), *after.every_word()]
    rows = yield from read_whole(lm, template, plan.rows, words=scored, pieces=words.pieces, cache=cache)
    how = {"form": wanted.form, "keep": keep, "relevance": relevance, "support": support}
    result = {**described(plan, lm, template), **how, "notes": list(refinement.notes)}
    return Refined(after, refinement, _scores(words, rows, plan), _scores(after, rows, plan), result)


def _read_support(
    plan: Plan, lm: LanguageModel, words: LabelWords, wanted: Wanted, cache: ReadoutStore | None
) -> Generator[Event, None, tuple[Readout, str]]:
    """The reading of the unlabelled texts with every word that is judged, and the words that say which texts."""
    template, _ = one_prompt(plan)
    tried = bring_back(words, wanted.back)
    judged = [tried.words[label][number] for label, number in judged_places(tried, also_off=wanted.also_off)]
    yield from _split_words(judged, lm.spelling(template), words.pieces)
    texts, support = unlabelled_texts(plan, wanted.texts, seed=wanted.seed)
    if len(texts) < FEWEST_TEXTS:
        raise ConfigError(
            f"Words are refined on {FEWEST_TEXTS} texts or more, and there are too few: {support}. Give a larger file, "
            "a train split, or a larger --texts or --limit."
        )
    yield Note("info", f"Refined on {support}, without their labels.")
    readout = yield from read_whole(lm, template, texts, words=judged, pieces=words.pieces, cache=cache)
    return readout, support


def _by_kind(task: Task, wanted: Wanted) -> tuple[float, bool, str]:
    """The share that stays and whether relevance counts; for sentiment both are off, as in KPT, and that is said."""
    kind = guess_kind(task.labels, task.fields)
    is_sentiment = kind is not None and library_file(kind).kind == "sentiment"
    keep = wanted.keep if wanted.keep is not None else 1.0 if is_sentiment else KEEP
    relevance = wanted.relevance if wanted.relevance is not None else not is_sentiment
    off = [("rare", f"--keep {KEEP}")] if wanted.keep is None else []
    off += [("irrelevant", "--relevance")] if wanted.relevance is None else []
    if not is_sentiment or not off:
        return keep, relevance, ""
    which, options = " or ".join(name for name, _ in off), " ".join(option for _, option in off)
    return keep, relevance, f"For sentiment, KPT drops no {which} words: {options} drops them here."


def _split_words(words: Sequence[Word], spelling: Spelling, pieces: Pieces) -> Iterator[Note]:
    """How the words of several pieces are scored, and what that costs where they are read whole."""
    split = sum(spelling.is_split(word) for word in words)
    if split:
        each = "each read whole on every text" if pieces == "whole" else f"scored by pieces = {pieces!r}"
        yield Note("info", f"{split:,} of {counted(len(words), 'word')} have several pieces, {each}.")


def _priors(words: LabelWords) -> dict[str, float]:
    return {str(word): word.prior for word in words.every_word() if word.prior is not None}


def _calibrated(words: LabelWords, readout: Readout, form: Form, *, support: str) -> LabelWords:
    """KPT's steps 4 and 5: the paper divides by mean probabilities and averages what is left, the code uses logs."""
    measure = word_priors if form == "paper" else mean_logprobs
    priors = measure(readout, words.every_word(), pieces=words.pieces)
    averaged = mean_of_probabilities(words) if form == "paper" else replace(words, combine="mean")
    return calibrate_words(averaged, priors, "word", support=support)


def _scores(words: LabelWords, readout: Readout, plan: Plan) -> Scores:
    return as_scores(words.labels, WordVerbalizer(words)(readout), plan.rows)


def _entry(one: Judged) -> dict[str, Any]:
    word = one.word
    return {**asdict(one), "word": str(word), "on": word.on, "dropped": word.dropped, "provenance": word.provenance}
