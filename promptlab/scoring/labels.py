"""Verbalizers under other names of their labels, their order kept."""

from collections.abc import Mapping
from dataclasses import replace

from promptlab.errors import ConfigError
from promptlab.scoring.learned.linear import LinearVerbalizer
from promptlab.scoring.learned.prototypes import PrototypeVerbalizer
from promptlab.scoring.learned.soft import SoftVerbalizer
from promptlab.scoring.mixture import MixedVerbalizer
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.words import WordVerbalizer


def with_labels(verbalizer: Verbalizer, names: Mapping[str, str]) -> Verbalizer:
    """The verbalizer with each label called what ``names`` calls it; a label that is not there keeps its name.

    Raises ConfigError for a kind that promptlab does not have itself.
    """
    labels = tuple(names.get(label, label) for label in verbalizer.labels)
    match verbalizer:
        case WordVerbalizer(words):
            renamed = dict(zip(labels, words.words.values(), strict=True))
            return WordVerbalizer(replace(words, words=renamed))
        case LinearVerbalizer() | PrototypeVerbalizer() | SoftVerbalizer():
            return replace(verbalizer, labels=labels)
        case MixedVerbalizer():
            return replace(verbalizer, members=tuple(with_labels(member, names) for member in verbalizer.members))
    raise ConfigError(f"The labels of a verbalizer of the kind {verbalizer.kind!r} cannot be renamed.")
