"""What is wrong with a template as it stands in an editor, found without a model: sentences with their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptlab.errors import PromptlabError, TemplateError
from promptlab.template.check import unknown_field
from promptlab.template.parse import place_tags
from promptlab.template.parts import Field, Template, Truncate

_NO_SLOT = "The template has no slot; write {mask} where the model answers."


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence and where it belongs: ``line`` and ``column`` from 1 (0: the whole template), ``length``."""

    what: str
    line: int = 0
    column: int = 0
    length: int = 0

    @classmethod
    def at(cls, text: str, start: int, end: int, what: str) -> "Problem":
        """A problem from one character of the template to another."""
        return cls(what, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), end - start)

    @classmethod
    def of(cls, error: PromptlabError) -> "Problem":
        """The problem that an error tells of."""
        if isinstance(error, TemplateError) and error.line:
            sentence = str(error).removeprefix(f"line {error.line}, column {error.column}: ")
            return cls(sentence, error.line, error.column, 1)
        return cls(str(error))


def find_problems(
    text: str, fields: Sequence[str] | None, *, truncate: Truncate = "tail"
) -> tuple[Template | None, tuple[Problem, ...]]:
    """The template, None where it does not parse, and its problems.

    They are every field that the data lack (``fields`` None: any field goes), with the nearest name, and a missing
    slot.
    """
    try:
        template = Template.parse(text, truncate=truncate)
    except TemplateError as error:
        return None, (Problem.of(error),)
    return template, tuple(_misfits(text, template, fields))


def _misfits(text: str, template: Template, fields: Sequence[str] | None) -> Iterator[Problem]:
    for start, end, part in place_tags(text):
        if isinstance(part, Field) and fields is not None and part.name not in fields:
            yield Problem.at(text, start, end, unknown_field(part.name, fields))
    if not template.slots():
        yield Problem(_NO_SLOT)
