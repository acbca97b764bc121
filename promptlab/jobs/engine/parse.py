"""``parse``: what is wrong with a template, and how a model sees it; its syntax is checked before one is loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from promptlab.errors import PromptlabError, TemplateError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.live_rows import choose_live
from promptlab.jobs.wire import Request
from promptlab.task import Example
from promptlab.template import Field, Template, Token, Truncate
from promptlab.template.check import unknown_field
from promptlab.template.parse import place_tags

if TYPE_CHECKING:
    from promptlab.model import LanguageModel

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


def parse(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The template's problems with their places and, where a model is loaded, the pieces of one row's prompt.

    Raises DataError and ConfigError for a task that cannot be opened; a template that does not parse is a problem.
    """
    text = str(request.fields["template"])
    truncate: Truncate = request.fields.get("truncate") or "tail"
    nothing: dict[str, Any] = {"problems": [], "notes": [], "pieces": [], "length": None, "max_length": None, "cut": {}}
    try:
        template = Template.parse(text, truncate=truncate)
    except TemplateError as error:
        return nothing | {"problems": [asdict(Problem.of(error))]}
    table, lm = request.fields.get("task"), held.lm
    fields = None if table is None else held.task(table).fields
    problems = list(problems_of(text, template, fields))
    if problems or lm is None or table is None:
        return nothing | {"problems": list(map(asdict, problems))}
    from promptlab.jobs.engine.seen_prompt import seen_prompt  # torch, which a template's syntax does not wait for

    try:
        return nothing | seen_prompt(lm, template, _row(held, request))
    except PromptlabError as error:
        return nothing | {"problems": [asdict(_placed(error, text, lm))], "max_length": lm.max_length}


def problems_of(text: str, template: Template, fields: Sequence[str] | None) -> Iterator[Problem]:
    """Every field that the data lack, with the nearest name, and a slot that is missing; ``fields`` None: any field."""
    for start, end, part in place_tags(text):
        if isinstance(part, Field) and fields is not None and part.name not in fields:
            yield Problem.at(text, start, end, unknown_field(part.name, fields))
    if not template.slots():
        yield Problem(_NO_SLOT)


def _placed(error: PromptlabError, text: str, lm: "LanguageModel") -> Problem:
    """An error of the model's at the entry of its vocabulary that is not there, if that is what is wrong."""
    if isinstance(error, TemplateError):
        for start, end, part in place_tags(text):
            if isinstance(part, Token) and lm.tokens.id_of(part.entry) is None:
                return Problem.at(text, start, end, str(error))
    return Problem.of(error)


def _row(held: Held, request: Request) -> Example:
    """The live row that the request names, of the rows that are read or would be."""
    reading, table = held.reading, request.fields["task"]
    is_same = reading is not None and reading.task_table == table
    rows = reading.rows if reading is not None and is_same else choose_live(held.task(table)).rows
    return rows[min(max(int(request.fields.get("row") or 0), 0), len(rows) - 1)]
