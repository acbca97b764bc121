"""Which found words are kept: the best of each label that nothing speaks against; the others with the reason."""

from collections.abc import Sequence
from dataclasses import replace

from promptlab.text import fold
from promptlab.verbalizer.dictionary import dictionary_form
from promptlab.verbalizer.found import FoundWord
from promptlab.verbalizer.words import LabelWords

# Words that stand anywhere and so speak for no label.
_STOP_WORDS = """
    a about above after again against all almost along already also although always am among an and another any anyone
    anything are around as at be because been before behind being below beside between beyond both but by can cannot
    could did do does doing done down during each either else ever every everyone everything few for from further had
    has have having he hence her here hers herself him himself his how however i if in indeed instead into is it its
    itself just like many may me might mine more most much must my myself neither never no nobody none nor not nothing
    now of off often on once one only onto or other others our ours ourselves out over own per perhaps quite rather same
    shall she should since so some someone something sometimes somewhere still such than that the their theirs them
    themselves then there therefore these they this those though through thus to together too toward towards under
    unless until up upon us very was we were what whatever when where whether which while who whoever whom whose why
    will with within without would yet you your yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def best_of(
    found: Sequence[FoundWord], seeds: LabelWords, *, count: int, forms: bool = False
) -> tuple[list[FoundWord], list[FoundWord]]:
    """The first ``count`` words of each label that pass, in their order, and those before them that do not.

    Words that are dropped already, stop words and words that another label has do not pass; those that their own label
    has are passed over. Unless ``forms``, of the forms of one word (movie, movies) the first stands for all.
    """
    kept: list[FoundWord] = []
    dropped: list[FoundWord] = []
    counts = dict.fromkeys(seeds.labels, 0)
    taken = _Taken(seeds, forms)
    for word in found:
        if counts[word.label] >= count or taken.is_own(word):
            continue
        reason = word.dropped or _stop(word) or taken.reason(word)
        if reason:
            dropped.append(replace(word, dropped=reason))
            continue
        kept.append(word)
        counts[word.label] += 1
        taken.add(word.text, word.label)
    return kept, dropped


def _stop(word: FoundWord) -> str:
    return "a word that stands anywhere" if fold(word.text) in STOP_WORDS else ""


class _Taken:
    """The words that labels have already, and their forms."""

    def __init__(self, seeds: LabelWords, forms: bool) -> None:
        self.forms = forms
        self.words: dict[str, str] = {}
        self.owners: dict[str, tuple[str, str]] = {}
        for label in seeds.labels:
            for word in seeds.words[label]:
                self.words[fold(str(word))] = label
                self.add(str(word), label)

    def add(self, text: str, label: str) -> None:
        self.owners.setdefault(self._key(text), (text, label))

    def is_own(self, word: FoundWord) -> bool:
        return self.words.get(fold(word.text)) == word.label

    def reason(self, word: FoundWord) -> str:
        text, label = self.owners.get(self._key(word.text), ("", ""))
        if not text:
            return ""
        place = "" if label == word.label else f" of {label!r}"
        return f"a word{place} already" if fold(text) == fold(word.text) else f"a form of {text!r}{place}"

    def _key(self, text: str) -> str:
        return fold(text) if self.forms else dictionary_form(text) or fold(text)
