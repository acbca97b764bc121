"""What the engine last said of the label words: pieces, priors, what changes without each, what is awkward."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fact = Mapping[str, Any]  # "word", "pieces", "prior", "removed", "problems", as the engine's ``words`` has them


@dataclass(frozen=True)
class WordFacts:
    """Of words by label and text; ``revisions`` are those that the effects belong to, ``n`` rows they are counted on.

    What is said of a word's pieces and prior holds under any label; its effect and its problems do not.
    """

    revisions: tuple[int, int] = (-1, -1)
    n: int = 0
    warnings: tuple[str, ...] = ()
    by_label: Mapping[tuple[str, str], Fact] = field(default_factory=dict)
    by_text: Mapping[str, Fact] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: Mapping[str, Any], revisions: tuple[int, int]) -> "WordFacts":
        """What an answer to ``words`` says."""
        rows = answer["words"].items()
        by_label = {(label, fact["word"]): fact for label, row in rows for fact in row}
        by_text = {text: fact for (_, text), fact in by_label.items()}
        return cls(revisions, int(answer["n"]), tuple(answer["warnings"]), by_label, by_text)

    def pieces(self, text: str) -> list[str] | None:
        """The word's pieces; None while they are not known."""
        fact = self.by_text.get(text)
        return None if fact is None else list(fact["pieces"])

    def prior(self, text: str) -> float | None:
        """log p(word) over the rows read; None while it is not known."""
        fact = self.by_text.get(text)
        return None if fact is None else fact["prior"]

    def removed(self, label: str, text: str) -> float | None:
        """By how much the accuracy changes without the word; None where that is not known."""
        fact = self.by_label.get((label, text))
        return None if fact is None else fact["removed"]

    def problems(self, label: str, text: str) -> list[str]:
        """What is awkward about the word, in sentences."""
        fact = self.by_label.get((label, text))
        return [] if fact is None else list(fact["problems"])

    def knows(self, label: str, text: str) -> bool:
        """Whether the engine has spoken of the word under this label."""
        return (label, text) in self.by_label
