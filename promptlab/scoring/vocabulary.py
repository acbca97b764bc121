"""The words that a model can say at a slot in one piece: what a search over the whole vocabulary looks through."""

from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import LanguageModel
from promptlab.model.candidates import english_words, whole_words
from promptlab.template import Template


@dataclass(frozen=True)
class SlotVocabulary:
    """Words (W) and the one piece (W,) that each has at the slot."""

    words: tuple[str, ...]
    ids: Tensor

    def __len__(self) -> int:
        return len(self.words)


def slot_vocabulary(lm: LanguageModel, template: Template, *, english: bool = True) -> SlotVocabulary:
    """The model's whole words that have one piece at the template's slot, in the vocabulary's order.

    With ``english`` those that WordNet knows, unless it knows none of them. Raises ConfigError where the template has
    several slots.
    """
    if template.slots() != 1:
        raise ConfigError(f"Single words are looked for at one slot, and the template has {template.slots()}.")
    every = whole_words(lm.tokens)
    words = (english_words(every) if english else []) or every
    spelling = lm.spelling(template)
    kept = {word: pieces[0] for word in words if len(pieces := spelling.pieces(word)) == 1}
    by_piece = {piece: word for word, piece in reversed(kept.items())}
    return SlotVocabulary(tuple(reversed(by_piece.values())), torch.tensor(list(reversed(by_piece)), dtype=torch.long))
