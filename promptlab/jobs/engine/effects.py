"""What label words do on the rows read so far: their pieces, their priors, and the change that each one makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from promptlab.errors import ConfigError, PromptlabError
from promptlab.jobs.engine.held import Unread
from promptlab.jobs.engine.known import targets_of
from promptlab.model import LanguageModel, NeedsReading, Readout
from promptlab.model.spelling import Spelling
from promptlab.scoring import WordVerbalizer, fit_prior
from promptlab.scoring.what_if import effects, removals
from promptlab.text import counted, fold, shorten
from promptlab.verbalizer import CalibrationKind, LabelWords, Word

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

Change = dict[tuple[str, str], float]  # label and word -> change of accuracy


@dataclass(frozen=True, eq=False)
class Seen:
    """Label words on the rows read so far, with their calibration frozen in.

    ``readout`` is None before a row is read, ``targets`` (N,) are places of labels. ``problem`` says why the words
    cannot be scored, ``notes`` what holds of every change.
    """

    lm: LanguageModel
    spelling: Spelling
    words: LabelWords
    readout: Readout | None
    targets: Tensor
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many of the rows have a label."""
        return int((self.targets >= 0).sum())

    def pieces(self, word: Word) -> tuple[list[str], str]:
        """The word's pieces as the vocabulary spells them; and why it has none that count."""
        try:
            return [self.lm.tokens.entry(piece) for slot in self.spelling.word(word) for piece in slot], ""
        except ConfigError as error:
            return [], str(error)

    def is_scored(self, word: Word) -> bool:
        """Whether the word has a score: it can be written, and where it must be read whole it was."""
        if self.readout is None or self.pieces(word)[1]:
            return False
        return not self.readout.is_whole(word, self.words.pieces) or str(word) in self.readout.columns

    def priors(self, words: Sequence[Word]) -> list[float | None]:
        """The log of each word's mean probability over the rows; None where it has no score."""
        scored = [word for word in words if self.is_scored(word)]
        if self.readout is None or not scored:
            return [None] * len(words)
        logprobs = self.readout.words(scored, pieces=self.words.pieces).sum(1)  # (N, W)
        found = iter(fit_prior(logprobs))
        return [next(found) if self.is_scored(word) else None for word in words]

    def removed(self) -> Change:
        """By how much the accuracy changes without each word that counts; a label's only one is not there."""
        if self.readout is None or self.problem or not self.n:
            return {}
        return {
            (label, str(word)): change
            for label, changes in removals(self.readout, self.words, self.targets).items()
            for word, change in zip(self.words.active(label), changes, strict=True)
            if change is not None
        }

    def added(self, words: Mapping[str, Sequence[Word]]) -> Change:
        """By how much the accuracy changes if each word were added to its label; those not scored are not there.

        A word that the label has, switched off, is switched on with its own weight; others count with the weight 1.
        """
        if self.readout is None or self.problem or not self.n:
            return {}
        changes: Change = {}
        for label, listing in words.items():
            there = {fold(str(word)): word for word in self.words.words[label]}
            own = {str(word): there.get(fold(str(word)), word) for word in listing if self.is_scored(word)}
            plain = {text: word for text, word in own.items() if word.weight == 1}
            changes |= {(label, text): self._switched_on(label, own[text]) for text in own.keys() - plain.keys()}
            if plain:
                found = effects(self.readout, self.words, self.targets, {label: list(plain.values())})[label]
                changes |= {(label, text): change for text, change in zip(plain, found, strict=True)}
        return changes

    def obstacle(self, label: str, word: Word) -> str:
        """Why the word cannot be added to the label; empty where it can."""
        if not str(word).strip():
            return "An empty word is no label word."
        for other in self.words.labels:
            if any(fold(str(word)) == fold(str(one)) for one in self.words.active(other)):
                return f"{shorten(str(word), 40)!r} is a word of {other!r}{' already' if other == label else ''}."
        return self.pieces(word)[1]

    def _switched_on(self, label: str, word: Word) -> float:
        row = tuple(replace(one, on=True) if one == word else one for one in self.words.words[label])
        changed = replace(self.words, words={**self.words.words, label: row})
        right = [int((self._predicted(words) == self.targets).sum()) for words in (changed, self.words)]
        return (right[0] - right[1]) / self.n

    def _predicted(self, words: LabelWords) -> Tensor:
        assert self.readout is not None
        return WordVerbalizer(words)(self.readout).argmax(1)


def see(reading: "Reading", words: LabelWords, calibration: CalibrationKind | None) -> Seen:
    """The words on the rows read so far; raises Unread while the model is being loaded."""
    spelling = reading.lm.spelling(reading.template)
    try:
        readout, places = reading.snapshot()
    except Unread:
        return Seen(reading.lm, spelling, words, None, torch.zeros(0, dtype=torch.long))
    targets = torch.from_numpy(targets_of(reading)[places])
    problem = _unscorable(reading, readout, spelling, words)
    frozen, notes = (words, []) if problem else _frozen(reading, words, calibration)
    return Seen(reading.lm, spelling, frozen, readout, targets, problem, (*notes, *filter(None, [problem])))


def _unscorable(reading: "Reading", readout: Readout, spelling: Spelling, words: LabelWords) -> str:
    """Why the words have no scores on these rows; empty where they have."""
    try:
        reading.pipeline(replace(words, calibration=None), None)
        for word in words.every_word():
            spelling.word(word)
    except PromptlabError as error:
        return str(error)
    unread = [word for word in words.every_word() if readout.is_whole(word, words.pieces)]
    unread = [word for word in unread if str(word) not in readout.columns]
    return f"{counted(len(unread), 'word')} must be read whole first." if unread else ""


def _frozen(reading: "Reading", words: LabelWords, calibration: CalibrationKind | None) -> tuple[LabelWords, list[str]]:
    """The words with their calibration, and what holds of it while a word is changed."""
    if calibration is None:
        return replace(words, calibration=None), []
    try:
        found = reading.pipeline(words, calibration).words
    except (NeedsReading, PromptlabError):
        return replace(words, calibration=None), [f"Changes are counted without the calibration {calibration!r}."]
    assert found is not None and found.calibration is not None
    if found.calibration.word_prior is not None:
        said = "Words that are tried have their priors from these rows; those of the words in use stay as they are."
        return found, [said]
    return found, [f"The calibration ({calibration}) stays as it is for every change; adding a word fits it anew."]
