"""Search for label words: shots read once, a method that looks through them, and figures on rows it never saw."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import torch

from promptlab.errors import ConfigError
from promptlab.jobs.evaluation import Evaluation, Rows, evaluate
from promptlab.jobs.notes import sifted
from promptlab.jobs.plan import Plan
from promptlab.jobs.support import FEWEST_TEXTS, Support
from promptlab.jobs.words.candidates import choose_candidates
from promptlab.jobs.words.setting import check_slot, read_whole
from promptlab.jobs.words.shots import Shots
from promptlab.model import LanguageModel, Readout, ReadoutCache
from promptlab.model.language_model import ReadoutStore
from promptlab.options import bind, options
from promptlab.pipeline import Ensemble, Pipeline, label_places
from promptlab.results import Comparison, Event, Note, compare
from promptlab.scoring.what_if import Candidates
from promptlab.search.words import FoundWords, Labelled, autoprompt, beam, greedy, lm_bff, petal
from promptlab.template import Template
from promptlab.text import listed, shorten
from promptlab.verbalizer import LabelWords, Word, to_table

Method = Literal["lm-bff", "petal", "autoprompt", "greedy", "beam"]
METHODS: Mapping[Method, Callable[..., Generator[Event, None, FoundWords]]] = {
    "lm-bff": lm_bff,
    "petal": petal,
    "autoprompt": autoprompt,
    "greedy": greedy,
    "beam": beam,
}
# Methods that begin with the words given, or prune by them.
_FROM_WORDS = ("lm-bff", "greedy", "beam")
_NAMES = ("the starting words", "the words found")


@dataclass(frozen=True, eq=False)
class Searched:
    """Words found, beside the words that there were: their evaluations on the unseen rows and the comparison of both.

    ``calibrated`` compares them after batch calibration on the shots' texts; None with several templates or few shots.
    """

    method: Method
    settings: Mapping[str, Any]
    found: FoundWords
    shots: Shots
    evaluations: tuple[Evaluation, Evaluation]
    comparison: Comparison
    calibrated: Comparison | None

    def to_json(self) -> dict[str, Any]:
        """The found words' result with the search's own keys, in JSON's types."""
        before, after = self.evaluations
        own = dict(after.result)
        calibration = own.pop("calibration")
        raw = calibration["raw"] if calibration else {}
        return {
            **own,
            **raw,
            "words": to_table(self.found.words),
            "method": self.method,
            "settings": dict(self.settings),
            "tried": self.found.tried,
            "unit": self.found.unit,
            "notes": list(self.found.notes),
            "chosen": self.shots.sentence,
            "start": {**before.raw.figures(), "words": before.result["words"]},
            "batch": calibration and {"found": after.scores.figures(), "start": before.scores.figures()},
            "comparison": self.comparison.to_json(),
            "batch_comparison": self.calibrated and self.calibrated.to_json(),
            "calibration": None,
        }


def search_words(
    lm: LanguageModel,
    plan: Plan,
    shots: Shots,
    method: Method,
    given: Sequence[Word] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 13,
    cache: ReadoutStore | None = None,
) -> Generator[Event, None, Searched]:
    """Read the shots with the plan's templates, search, and evaluate the words found beside the plan's own.

    ``settings`` are options of the method. Yields Progress, Found and Note. Raises ConfigError for options, templates
    or words that do not go together, DataError for a label without shots.
    """
    templates, start = search_prompt(plan)
    chosen = check_settings(method, settings or {}, templates)
    for template in templates:
        check_slot(lm, template)
    store = cache if cache is not None else ReadoutCache()
    candidates, notes = choose_candidates(lm, templates, given)
    yield from (Note("info", note) for note in notes)
    rows = yield from _read_shots(lm, templates, start, shots, candidates, store)
    run = METHODS[method]
    if method in _FROM_WORDS:
        run = partial(run, start=start)
    if "seed" in options(METHODS[method]):
        chosen.setdefault("seed", seed)
    found = yield from run(rows, **chosen)
    yield from (Note("info", note) for note in found.notes)
    found = replace(found, words=replace(found.words, source=_source(method, shots, found)))
    said: set[str] = set()

    def is_new(note: Note) -> bool:
        new = note.text not in said
        said.add(note.text)
        return new

    before = yield from sifted(_evaluated(lm, templates, start, plan, shots, store), is_new)
    after = yield from sifted(_evaluated(lm, templates, found.words, plan, shots, store), is_new)
    calibrated = None
    if before.scores is not before.raw:
        calibrated = compare(before.scores, after.scores, names=_NAMES)
    plain = compare(before.raw, after.raw, names=_NAMES)
    return Searched(method, chosen, found, shots, (before, after), plain, calibrated)


def _read_shots(
    lm: LanguageModel,
    templates: Sequence[Template],
    start: LabelWords,
    shots: Shots,
    candidates: Candidates,
    cache: ReadoutStore,
) -> Generator[Event, None, Labelled]:
    """The shots read with every template; the starting words are read whole where they must be."""
    readouts: list[Readout] = []
    for template in templates:
        words, pieces = start.every_word(), start.pieces
        readouts.append((yield from read_whole(lm, template, shots.train, words=words, pieces=pieces, cache=cache)))
    targets = torch.tensor(label_places(start.labels, shots.train))
    shown = templates[0].name or shorten(str(templates[0]), 60)
    return Labelled(tuple(readouts), targets, start.labels, candidates, template=shown)


def search_prompt(plan: Plan) -> tuple[tuple[Template, ...], LabelWords]:
    """The plan's templates, and its one entry of words without its calibration; ConfigError when there are several."""
    templates = tuple(dict.fromkeys(template for template, _ in plan.cells))
    words = {entry.name: entry for _, entry in plan.cells}
    if len(words) > 1:
        raise ConfigError(f"--words names {len(words)} entries, and a search begins with one: {listed(words)}.")
    return templates, replace(plan.cells[0][1], calibration=None)


def check_settings(method: Method, settings: Mapping[str, Any], templates: Sequence[Template]) -> dict[str, Any]:
    """The method's options, read; ConfigError for one that it does not have and for several templates that it cannot
    take together."""
    if method == "autoprompt" and len(templates) > 1:
        names = listed(template.name or shorten(str(template), 40) for template in templates)
        raise ConfigError(f"AutoPrompt chooses words for one template, and there are {len(templates)}: {names}.")
    return bind(METHODS[method], settings, where="--set")


def _evaluated(
    lm: LanguageModel,
    templates: Sequence[Template],
    words: LabelWords,
    plan: Plan,
    shots: Shots,
    cache: ReadoutStore,
) -> Generator[Event, None, Evaluation]:
    """One evaluation on the unseen rows; with one template also batch-calibrated on the shots' texts."""
    rows = Rows(shots.unseen, plan.task.name, shots.split, plan.task.fingerprint)
    members = tuple(Pipeline.of(lm, template, words) for template in templates)
    if len(members) > 1:
        return (yield from evaluate(Ensemble(members, (1.0,) * len(members)), rows, cache=cache))
    support = None
    if len(shots.train) >= FEWEST_TEXTS:
        texts = [replace(row, label=None) for row in shots.train]
        support = Support("batch", texts, f"texts that the words were chosen on, {plan.task.name}")
    return (yield from evaluate(members[0], rows, support=support, cache=cache))


def _source(method: Method, shots: Shots, found: FoundWords) -> str:
    return f"promptlab words search --method {method}, chosen among {found.among}. {shots.sentence}"
