"""Before label words are refined: which of them are judged, which is a label's name, and which stand twice."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from promptlab.errors import ConfigError
from promptlab.text import fold, listed, nearest, shorten
from promptlab.verbalizer import LabelWords, Word

Place = tuple[str, int]  # a word: its label, and its number in the label's list


def judged_places(words: LabelWords, *, also_off: bool) -> list[Place]:
    """The words that count; with ``also_off`` those too that are off without having been dropped."""
    return [
        (label, number)
        for label, row in words.words.items()
        for number, word in enumerate(row)
        if (word.on and word.weight > 0) or (also_off and not word.on and not word.dropped)
    ]


def names_of(words: LabelWords) -> tuple[Place, ...]:
    """The word that stands for each label, its name: the first that counts. ConfigError for a label without one."""
    return tuple((label, _first(words, label)) for label in words.labels)


def clean(words: LabelWords, *, also_off: bool = False) -> LabelWords:
    """The words with those that stand twice switched off, with the reason (KPT's step 0); a calibration is dropped.

    A word of several labels goes everywhere but where it is a label's name, one that stands twice under a label where
    it stands again and is not the name. Raises ConfigError for the name of two labels.
    """
    names = names_of(words)
    owners: dict[object, list[str]] = {}
    reasons: dict[Place, str] = {}
    judged = judged_places(words, also_off=also_off)
    for label, number in sorted(judged, key=lambda place: place not in names):  # a name is never the second
        had_by = owners.setdefault(_key(words.words[label][number]), [])
        if label in had_by:
            reasons[label, number] = f"twice under {label!r}"
        else:
            had_by.append(label)
    _check_names(words, names)
    for place in judged:
        label, number = place
        others = [owner for owner in owners[_key(words.words[label][number])] if owner != label]
        if others and place not in names:
            reasons[place] = f"of several labels: also under {listed(map(repr, others))}"
    return switch_off(words, reasons)


def switch_off(words: LabelWords, reasons: dict[Place, str]) -> LabelWords:
    """The words with those at these places off, each with its reason; a calibration is dropped."""
    return _edited(words, {place: (False, reason) for place, reason in reasons.items()})


def bring_back(words: LabelWords, names: Collection[str]) -> LabelWords:
    """The words with those of these names switched on; ConfigError for an unknown one and for one of two labels."""
    every = {str(word) for row in words.words.values() for word in row}
    found: dict[Place, tuple[bool, str]] = {}
    for name in names:
        places = list(_places_of(words, name))
        if not places:
            raise ConfigError(f"There is no word {shorten(name, 40)!r} to bring back.{nearest(name, every)}")
        if len({label for label, _ in places}) > 1:
            under = listed(repr(label) for label, _ in places)
            raise ConfigError(
                f"The word {shorten(name, 40)!r} stands under several labels ({under}), and a word can count for one: "
                "take it out of the others' lists first."
            )
        found[places[0]] = (True, "")
    return _edited(words, found)


def places_named(words: LabelWords, names: Collection[str]) -> set[Place]:
    """Where words with these names stand."""
    return {place for name in names for place in _places_of(words, name)}


def _places_of(words: LabelWords, name: str) -> Iterator[Place]:
    for label, row in words.words.items():
        for number, word in enumerate(row):
            if fold(str(word)) == fold(name):
                yield label, number


def _first(words: LabelWords, label: str) -> int:
    counting = (number for number, word in enumerate(words.words[label]) if word.on and word.weight > 0)
    first = next(counting, None)
    if first is None:
        raise ConfigError(f"The label {label!r} has no words that count. Give it one, or switch one on.")
    return first


def _check_names(words: LabelWords, names: Sequence[Place]) -> None:
    owners: dict[object, str] = {}
    for label, number in names:
        word = words.words[label][number]
        other = owners.setdefault(_key(word), label)
        if other != label:
            raise ConfigError(
                f"The word {shorten(str(word), 40)!r} is the first of two labels, {other!r} and {label!r}: a label "
                "needs a first word of its own, which stands for it."
            )


def _edited(words: LabelWords, states: dict[Place, tuple[bool, str]]) -> LabelWords:
    """The words with ``on`` and ``dropped`` set at these places."""
    rows = {label: list(row) for label, row in words.words.items()}
    for (label, number), (on, dropped) in states.items():
        rows[label][number] = replace(rows[label][number], on=on, dropped=dropped)
    return replace(words, words={label: tuple(row) for label, row in rows.items()}, calibration=None)


def _key(word: Word) -> object:
    return fold(word.text) if isinstance(word.text, str) else tuple(map(fold, word.text))
