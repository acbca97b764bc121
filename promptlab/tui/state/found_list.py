"""The words that an expansion found: which are ticked, in which order they stand, what each would change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from promptlab.text import fold
from promptlab.verbalizer import Word

Order = Literal["effect", "score", "word", "prior"]
ORDERS: tuple[Order, ...] = ("effect", "score", "word", "prior")


@dataclass(frozen=True, slots=True)
class Found:
    """A word that was found, with its sources as (name, rank, why).

    ``effect`` is the change of accuracy if it were added, ``is_known`` whether the engine has said so (it says None of
    a word that must be read whole, or that cannot be added: ``problem``). ``dropped`` says why it was left out,
    ``is_back`` that it was brought back all the same.
    """

    text: str
    sources: tuple[tuple[str, int, str], ...] = ()
    score: float = 0.0
    pieces: tuple[str, ...] = ()
    prior: float | None = None
    effect: float | None = None
    is_known: bool = False
    problem: str = ""
    dropped: str = ""
    is_back: bool = False

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Found":
        """A word as the engine's ``expand`` has it."""
        return cls(
            text=table["text"],
            sources=tuple((one["source"], one["rank"], one["why"]) for one in table["sources"]),
            score=table["score"],
            pieces=tuple(table["pieces"]),
            prior=table["prior"],
            effect=table["effect"],
            is_known=table["effect"] is not None,
            dropped=table["dropped"],
        )

    @property
    def key(self) -> str:
        """Under which it is one word, however it is written."""
        return fold(self.text)

    @property
    def why(self) -> str:
        """Every source's reason, best first."""
        return "; ".join(why for _, _, why in self.sources)

    def as_word(self) -> Word:
        """The label word, which keeps why it was found; one that was brought back says so."""
        said = f"{self.why}; brought back, it was left out: {self.dropped}" if self.is_back else self.why
        return Word(self.text, prior=None if self.prior is None else round(self.prior, 4), provenance=said)


@dataclass(frozen=True)
class FoundList:
    """Words by their keys; ``standing`` are those that can be ticked, in their order, ``left_out`` the dropped ones.

    The order changes when it is asked for, never by itself: newer effects leave every word where it is.
    """

    words: Mapping[str, Found] = field(default_factory=dict)
    standing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()
    order: Order = "effect"
    query: str = ""

    # -- what is found --------------------------------------------------------------------------------------------

    def with_found(self, found: Iterable[Found], *, keep_order: bool) -> "FoundList":
        """With what another source found; a word that is there already gets its sources too."""
        words = dict(self.words)
        for one in found:
            old = words.get(one.key)
            words[one.key] = one if old is None else _joined(old, one)
        return self._with(words, keep_order=keep_order)

    def with_result(self, found: Iterable[Found], dropped: Iterable[Found], *, keep_order: bool) -> "FoundList":
        """The words of the whole answer instead of those that came before; ticks and what was brought back stay."""
        words = {one.key: self._kept(one) for one in (*dropped, *found)}
        for key in self.ticks:  # the sources together may rank a word out that one of them had found
            one = words.get(key, self.words[key])
            words[key] = replace(one, is_back=True) if one.dropped else one
        return self._with(words, keep_order=keep_order)

    def without_effects(self) -> "FoundList":
        """The effects belong to other words or rows: they are to be asked for again."""
        return replace(
            self,
            words={key: replace(one, effect=None, is_known=False, problem="") for key, one in self.words.items()},
        )

    def with_effects(self, effects: Mapping[str, Mapping[str, Any]]) -> "FoundList":
        """With what the engine's ``what_if`` says of words by their texts; no word moves."""
        words = dict(self.words)
        for text, said in effects.items():
            if (one := words.get(fold(text))) is not None:
                words[one.key] = replace(
                    one,
                    effect=said["effect"],
                    is_known=True,
                    problem=said.get("problem", ""),
                    pieces=tuple(said["pieces"]) or one.pieces,
                    prior=one.prior if said["prior"] is None else said["prior"],
                )
        return replace(self, words=words)

    # -- what is done with it -------------------------------------------------------------------------------------

    def ticked(self) -> tuple[Found, ...]:
        """The ticked words, in the order in which they were ticked."""
        return tuple(self.words[key] for key in self.ticks if key in self.words)

    def tick(self, key: str) -> "FoundList":
        """The word ticked, or no longer."""
        if key in self.ticks:
            return replace(self, ticks=tuple(one for one in self.ticks if one != key))
        return replace(self, ticks=(*self.ticks, key)) if key in self.standing else self

    def tick_shown(self) -> "FoundList":
        """All words shown ticked; where all are, none of them."""
        shown = self.shown()
        others = tuple(key for key in self.ticks if key not in shown)
        if all(key in self.ticks for key in shown):
            return replace(self, ticks=others)
        return replace(self, ticks=(*self.ticks, *(key for key in shown if key not in self.ticks)))

    def bring_back(self, key: str) -> "FoundList":
        """A dropped word stands among the others, at their end."""
        if key not in self.left_out:
            return self
        words = {**self.words, key: replace(self.words[key], is_back=True)}
        left_out = tuple(one for one in self.left_out if one != key)
        return replace(self, words=words, left_out=left_out, standing=(*self.standing, key))

    def sort(self, order: Order | None = None) -> "FoundList":
        """In an order, or anew in the one that holds."""
        order = order or self.order
        return replace(self, order=order, standing=self._sorted(self.standing, order))

    def search(self, query: str) -> "FoundList":
        """Those words shown that hold a text, in themselves, their sources or their reasons."""
        return replace(self, query=query)

    # -- what is shown --------------------------------------------------------------------------------------------

    def shown(self) -> tuple[str, ...]:
        """The words that can be ticked and fit what is searched for."""
        return tuple(key for key in self.standing if self._fits(key))

    def shown_left_out(self) -> tuple[str, ...]:
        """The dropped words that fit what is searched for."""
        return tuple(key for key in self.left_out if self._fits(key))

    def of_source(self, source: str) -> tuple[Found, ...]:
        """The words of one source, by its own ranks."""
        ranked = [(rank, one) for one in self.words.values() for name, rank, _ in one.sources if name == source]
        return tuple(one for _, one in sorted(ranked, key=lambda pair: (pair[0], pair[1].key)))

    def unknown(self, first: Sequence[str]) -> list[str]:
        """Keys of the words whose effect is not known yet, those of ``first`` before the others."""
        asked = dict.fromkeys((*(key for key in first if key in self.standing), *self.shown(), *self.standing))
        return [key for key in asked if not self.words[key].is_known]

    @property
    def is_sorted(self) -> bool:
        """Whether the words stand in the order that holds."""
        return self.standing == self._sorted(self.standing, self.order)

    def _with(self, words: Mapping[str, Found], *, keep_order: bool) -> "FoundList":
        standing = tuple(key for key, one in words.items() if not one.dropped or one.is_back)
        left_out = tuple(key for key, one in words.items() if one.dropped and not one.is_back)
        standing = self._sorted(standing, self.order, words)
        if keep_order:
            old = tuple(key for key in self.standing if key in standing)
            standing = (*old, *(key for key in standing if key not in old))
        ticks = tuple(key for key in self.ticks if key in standing)
        return replace(self, words=words, standing=standing, left_out=left_out, ticks=ticks)

    def _kept(self, new: Found) -> Found:
        """The newer word with the older effect where it has none, and brought back if the older was."""
        old = self.words.get(new.key)
        if old is None:
            return new
        new = replace(new, is_back=old.is_back and bool(new.dropped))
        return new if new.is_known else replace(new, effect=old.effect, is_known=old.is_known, problem=old.problem)

    def _fits(self, key: str) -> bool:
        one = self.words[key]
        text = fold(f"{one.text} {' '.join(name for name, _, _ in one.sources)} {one.why} {one.dropped}")
        return all(part in text for part in fold(self.query).split())

    def _sorted(self, keys: Sequence[str], order: Order, words: Mapping[str, Found] | None = None) -> tuple[str, ...]:
        of = self.words if words is None else words
        return tuple(sorted(keys, key=lambda key: _rank(of[key], order)))


def _joined(old: Found, new: Found) -> Found:
    sources = sorted({*old.sources, *new.sources}, key=lambda source: (source[1], source[0]))
    newer = new if new.is_known else replace(new, effect=old.effect, is_known=old.is_known, problem=old.problem)
    dropped = old.dropped if new.dropped else ""
    return replace(newer, sources=tuple(sources), score=old.score + new.score, dropped=dropped, is_back=old.is_back)


def _rank(one: Found, order: Order) -> tuple[Any, ...]:
    """What is not known stands at the end."""
    if order == "word":
        return (one.key,)
    if order == "score":
        return (-one.score, one.key)
    value = one.effect if order == "effect" else one.prior
    return (value is None, -(value or 0.0), -one.score, one.key)
