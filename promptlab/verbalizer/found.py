"""Words that were found for labels: by which sources, at which rank, why, and why some of them were dropped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from promptlab.text import fold
from promptlab.verbalizer.words import Word

Source = Literal["wordnet", "neighbours", "model", "list"]
SOURCES: tuple[Source, ...] = get_args(Source)
# Reciprocal rank fusion (Cormack et al. 2009): what a rank is worth falls slowly, so that two sources that agree at
# rank 20 outweigh one that stands alone at rank 10.
_SLOWNESS = 60


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word that a source proposes for a label, with the source's own score (comparable within the source)."""

    text: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a word comes from: its source, its rank there among the label's words (from 1), the source's score."""

    source: Source
    rank: int
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class FoundWord:
    """A word found for a label.

    ``pieces`` are the model's, ``prior`` is log p(word) over unlabelled texts, ``effect`` the change of accuracy if it
    were added (None: not measured). ``dropped`` says why it is left out.
    """

    label: str
    text: str
    origins: tuple[Origin, ...]
    pieces: tuple[str, ...] = ()
    prior: float | None = None
    effect: float | None = None
    dropped: str = ""

    @property
    def score(self) -> float:
        """How far in front the sources have it: 1 for the first of one source, more where several agree."""
        return sum((_SLOWNESS + 1) / (_SLOWNESS + origin.rank) for origin in self.origins)

    @property
    def rank(self) -> int:
        """The best rank among its sources."""
        return min(origin.rank for origin in self.origins)

    @property
    def provenance(self) -> str:
        """Every source's reason, best first."""
        return "; ".join(origin.why for origin in self.origins)

    def as_word(self, *, on: bool) -> Word:
        """The word of a verbalizer."""
        return Word(
            self.text, prior=None if self.prior is None else round(self.prior, 4), provenance=self.provenance, on=on
        )

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return {
            "label": self.label,
            "word": self.text,
            "score": round(self.score, 4),
            "pieces": list(self.pieces),
            "prior": self.prior,
            "effect": self.effect,
            "provenance": self.provenance,
            "sources": [
                {"source": one.source, "rank": one.rank, "score": one.score, "why": one.why} for one in self.origins
            ],
            "dropped": self.dropped,
        }


def merge(proposals: Mapping[Source, Mapping[str, Sequence[Proposal]]]) -> list[FoundWord]:
    """One record for each word, under one label, the best score first.

    Within a source a word belongs to the label where its score is highest, between sources to the one where its
    joined score is; what is left over, or stands equally under several labels, comes dropped, with the reason.
    """
    records: dict[tuple[str, str], FoundWord] = {}
    for source, by_label in proposals.items():
        for label, rank, proposal in _ranked(by_label):
            key = label, fold(proposal.text)
            record = records.get(key, FoundWord(label, proposal.text, ()))
            origin = Origin(source, rank, proposal.score, proposal.why)
            records[key] = replace(record, origins=_by_rank((*record.origins, origin)))
    return sorted(_one_label(records), key=lambda word: (-word.score, word.rank))


def _by_rank(origins: tuple[Origin, ...]) -> tuple[Origin, ...]:
    return tuple(sorted(origins, key=lambda origin: origin.rank))


def _ranked(by_label: Mapping[str, Sequence[Proposal]]) -> Iterator[tuple[str, int, Proposal]]:
    """Each label's proposals, best first, with their ranks, without those that another label has with a higher score.

    Where labels have a word with the same score its rank is the worst of them, so that none is preferred.
    """
    best: dict[str, float] = {}
    for proposal in (one for listing in by_label.values() for one in listing):
        best[fold(proposal.text)] = max(proposal.score, best.get(fold(proposal.text), proposal.score))
    owned: dict[str, dict[str, Proposal]] = {}
    for label, listing in by_label.items():
        kept = {fold(one.text): one for one in reversed(listing) if one.score == best[fold(one.text)]}
        owned[label] = dict(sorted(reversed(kept.items()), key=lambda item: -item[1].score))
    ranks: dict[str, int] = {}
    for words in owned.values():
        for rank, key in enumerate(words, 1):
            ranks[key] = max(rank, ranks.get(key, rank))
    yield from ((label, ranks[key], proposal) for label, words in owned.items() for key, proposal in words.items())


def _one_label(records: Mapping[tuple[str, str], FoundWord]) -> list[FoundWord]:
    """The records, those dropped whose word has as good or a better place under another label."""
    rivals: dict[str, list[FoundWord]] = {}
    for (_, key), record in records.items():
        rivals.setdefault(key, []).append(record)
    settled: list[FoundWord] = []
    for (_, key), record in records.items():
        others = [other for other in rivals[key] if other.label != record.label]
        better = [other for other in others if other.score > record.score]
        alike = [other for other in others if other.score == record.score]
        if better:
            settled.append(replace(record, dropped=f"fits {better[0].label!r} better"))
        elif alike:
            settled.append(replace(record, dropped=f"fits {alike[0].label!r} as well"))
        else:
            settled.append(record)
    return settled
