"""What each source of an expansion proposes in the engine, for a label that is being worked on."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from promptlab.errors import ConfigError
from promptlab.jobs.engine.effects import Seen
from promptlab.jobs.engine.held import Say, Unread
from promptlab.jobs.words.setting import check_slot
from promptlab.jobs.words.sources import Proposals, from_lists, from_model, from_neighbours, from_wordnet, vectors_for
from promptlab.model.word_vectors import WordVectors, vector_cache
from promptlab.scoring import WordVerbalizer
from promptlab.scoring.said import likeliest, pseudo_labels, set_apart
from promptlab.scoring.vocabulary import SlotVocabulary, slot_vocabulary
from promptlab.text import counted
from promptlab.verbalizer import LabelWords
from promptlab.verbalizer.found import Source
from promptlab.verbalizer.word_lists import read_word_list
from promptlab.verbalizer.wordnet import UnknownWord, senses

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

_LIKELIEST = 20
# Kept with the reading, not with the model, which vectors hold on to: they must not keep it when another is loaded.
_VECTORS: "WeakKeyDictionary[Reading, WordVectors]" = WeakKeyDictionary()
_VOCABULARIES: "WeakKeyDictionary[Reading, SlotVocabulary]" = WeakKeyDictionary()


@dataclass
class Ground:
    """What an expansion is asked, and what it works with.

    ``seeds`` are the words of the labels that have some, ``looking_in`` is the source that is asked now. ``reading``
    and ``seen`` are None while the model is being loaded. ``likeliest`` and ``notes`` are filled in on the way.
    """

    label: str
    seeds: LabelWords
    sources: tuple[Source, ...]
    senses: tuple[str, ...]
    lists: tuple[str, ...]
    count: int
    folder: Path
    say: Say
    reading: "Reading | None" = None
    seen: Seen | None = None
    looking_in: Source | None = None
    likeliest: list[tuple[str, float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str, *, level: str = "info") -> None:
        """Say a sentence now, and keep it for the result."""
        self.notes.append(text)
        self.say({"kind": "note", "level": level, "text": text, "source": self.looking_in})

    def phase(self, text: str) -> None:
        """Say what is being done."""
        self.say({"kind": "phase", "text": text, "source": self.looking_in})

    def loaded(self) -> "tuple[Reading, Seen]":
        """The reading; raises Unread while the model is being loaded."""
        if self.reading is None or self.seen is None:
            raise Unread("The model is still being loaded.")
        return self.reading, self.seen


def from_wordnet_of(ground: Ground) -> Proposals:
    """Words related to the label's; one that WordNet does not know is a note, UnknownWord where it knows none."""
    unknown = []
    for word in ground.seeds.active(ground.label):
        try:
            senses(str(word))
        except UnknownWord as error:
            unknown.append(error)
    if len(unknown) == len(ground.seeds.active(ground.label)):
        raise unknown[0]
    for one in unknown:
        ground.note(str(one), level="warning")
    return from_wordnet(ground.seeds, chosen=ground.senses, missing=lambda sentence: None)


def from_lists_of(ground: Ground) -> Proposals:
    """The words of files; ConfigError where none is named."""
    if not ground.lists:
        raise ConfigError("Name a word list to look in.")
    found = [read_word_list(path, ground.seeds.labels, folder=ground.folder) for path in ground.lists]
    for one in found:
        for sentence in (one.sentence, *one.notes):
            ground.note(sentence)
    return from_lists(ground.seeds, found)


def from_rows(ground: Ground) -> Proposals:
    """What the model says at the slot of the rows read so far, set apart by the words' own predictions."""
    reading, seen = ground.loaded()
    check_slot(seen.lm, reading.template)
    if seen.readout is None:
        raise Unread("No row has been read yet, and the model's own words are those that it says on rows.")
    if seen.problem:
        raise ConfigError(seen.problem)
    if reading not in _VOCABULARIES:
        _VOCABULARIES[reading] = slot_vocabulary(seen.lm, reading.template)
    vocabulary = _VOCABULARIES[reading]
    overall = likeliest(seen.readout, vocabulary).topk(min(_LIKELIEST, len(vocabulary)))
    pairs = zip(overall.indices.tolist(), overall.values.tolist(), strict=True)
    ground.likeliest[:] = [(vocabulary.words[at], logprob) for at, logprob in pairs]
    apart = set_apart(seen.readout, vocabulary, pseudo_labels(seen.readout, WordVerbalizer(ground.seeds)))
    said = f"{counted(len(seen.readout), 'row')} by the words' own predictions"
    return from_model(ground.seeds, vocabulary, apart, count=ground.count, said=said)


def from_vectors(ground: Ground) -> Proposals:
    """The nearest words by the best vectors on this machine."""
    reading, seen = ground.loaded()
    if reading not in _VECTORS:
        _VECTORS[reading] = vectors_for(seen.lm, cache=vector_cache(), say=ground.phase)
    vectors = _VECTORS[reading]
    ground.note(f"Neighbours: among {counted(len(vectors.words), 'word')}, by {vectors.name}.")
    return from_neighbours(ground.seeds, vectors, count=ground.count)
