"""What an expansion of label words is asked, what it reads, and what it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptlab.errors import ConfigError
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import fold, listed
from promptlab.verbalizer import LabelWords, to_table
from promptlab.verbalizer.found import FoundWord, Source
from promptlab.verbalizer.word_lists import WordList
from promptlab.verbalizer.wordnet import PARTS, RELATIONS, Part, Relation


@dataclass(frozen=True)
class Wanted:
    """What is looked for and where; ``min_prior`` is a natural log-probability."""

    sources: tuple[Source, ...] = ("wordnet", "neighbours")
    count: int = 50
    senses: tuple[str, ...] = ()
    parts: tuple[Part, ...] = PARTS
    relations: tuple[Relation, ...] = RELATIONS
    depth: int = 2
    encoder: str = "auto"
    candidates: str = "model"
    lists: tuple[WordList, ...] = ()
    most_pieces: int = 1
    min_prior: float | None = None
    forms: bool = False

    def check(self, *, has_texts: bool) -> None:
        """ConfigError for numbers and sources that cannot be."""
        for option, number, least in (
            ("--count", self.count, 1),
            ("--depth", self.depth, 0),
            ("--most-pieces", self.most_pieces, 1),
        ):
            if number < least:
                raise ConfigError(f"{option} must be {least} or more, not {number}.")
        chosen = {
            "--sense": bool(self.senses),
            "--part": self.parts != PARTS,
            "--relation": self.relations != RELATIONS,
        }
        for option in (option for option, is_chosen in chosen.items() if is_chosen and "wordnet" not in self.sources):
            raise ConfigError(f"{option} goes with --source wordnet, which is not among the sources.")
        if not has_texts:
            asked = {"--source model": "model" in self.sources, "--min-prior": self.min_prior is not None}
            for option in (option for option, is_asked in asked.items() if is_asked):
                raise ConfigError(f"{option} needs texts that the model reads: name them with --task.")
        if self.min_prior is not None and not self.min_prior < 0:
            raise ConfigError(
                f"--min-prior is a natural log-probability, below 0 (such as -12), not {self.min_prior:g}."
            )


@dataclass(frozen=True)
class Material:
    """What the model reads: unlabelled ``texts`` for what it says and for priors, labelled ``rows`` for effects.

    ``shots`` are labelled texts whose labels are set apart; without them the seeds' own predictions are. All may be
    empty.
    """

    template: Template | None = None
    texts: Sequence[Example] = ()
    shots: Sequence[Example] = ()
    rows: Sequence[Example] = ()


@dataclass(frozen=True, eq=False)
class Expansion:
    """The seeds and the words found for them, best first; ``dropped`` are those that would have come before, with the
    reason; ``likeliest`` what the model says most over all texts, with log mean probability."""

    seeds: LabelWords
    found: tuple[FoundWord, ...]
    dropped: tuple[FoundWord, ...]
    likeliest: tuple[tuple[str, float], ...] = ()

    def of(self, label: str) -> list[FoundWord]:
        """The words found for a label, best first."""
        return [word for word in self.found if word.label == label]

    def accepted(self, accept: str | None = None) -> LabelWords:
        """The seeds and, behind them, the found words: off, but for those that ``accept`` names.

        ``all``, a number (the best of each label) or words with commas. Raises ConfigError for a word that was not
        found. A calibration of the seeds is dropped, as it was fitted to them alone.
        """
        on = self._accepted(accept)
        words = {
            label: (*self.seeds.words[label], *(one.as_word(on=one.text in on) for one in self.of(label)))
            for label in self.seeds.labels
        }
        is_split = any(len(one.pieces) > 1 for one in self.found if one.text in on)
        return replace(
            self.seeds, words=words, calibration=None, pieces="whole" if is_split else self.seeds.pieces, name=""
        )

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return {
            "seeds": to_table(self.seeds),
            "found": [word.to_json() for word in self.found],
            "dropped": [word.to_json() for word in self.dropped],
            "likeliest": [{"word": word, "logprob": logprob} for word, logprob in self.likeliest],
        }

    def _accepted(self, accept: str | None) -> set[str]:
        if accept is None:
            return set()
        if fold(accept) == "all":
            return {one.text for one in self.found}
        if accept.strip().isdigit():
            most = int(accept)
            return {one.text for label in self.seeds.labels for one in self.of(label)[:most]}
        known = {fold(one.text): one.text for one in self.found}
        asked = [text.strip() for text in accept.split(",") if text.strip()]
        if strange := [text for text in asked if fold(text) not in known]:
            was = "was" if len(strange) == 1 else "were"
            raise ConfigError(
                f"--accept: {listed(map(repr, strange))} {was} not found. Give all, a number, or found words."
            )
        return {known[fold(text)] for text in asked}
