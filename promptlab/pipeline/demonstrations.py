"""Solved examples before the question: an example and its label as fields and answers."""

from collections.abc import Sequence

from promptlab.errors import ConfigError
from promptlab.task import Example
from promptlab.template import Demonstration
from promptlab.text import nearest
from promptlab.verbalizer import LabelWords


def solved(examples: Sequence[Example], words: LabelWords) -> tuple[Demonstration, ...]:
    """Each example's fields with its label's first word as the answer, one text a slot."""
    return tuple((example.fields, _answer(example, words)) for example in examples)


def _answer(example: Example, words: LabelWords) -> tuple[str, ...]:
    if example.label is None or example.label not in words.words:
        raise ConfigError(
            f"The demonstration {example.id or example.fields!r} has the label {example.label!r}, which has no words."
            f"{nearest(str(example.label), words.labels)}"
        )
    text = words.active(example.label)[0].text
    return (text,) if isinstance(text, str) else text
