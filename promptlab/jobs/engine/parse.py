"""``parse``: what is wrong with a template, and how a model sees it; its syntax is checked before one is loaded."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from promptlab.errors import PromptlabError, TemplateError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.live_rows import choose_live
from promptlab.jobs.wire import Request
from promptlab.task import Example
from promptlab.template import Token, Truncate
from promptlab.template.parse import place_tags
from promptlab.template.problems import Problem, find_problems

if TYPE_CHECKING:
    from promptlab.model import LanguageModel


def parse(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The template's problems with their places and, where a model is loaded, the pieces of one row's prompt.

    Raises DataError and ConfigError for a task that cannot be opened; a template that does not parse is a problem.
    """
    text = str(request.fields["template"])
    truncate: Truncate = request.fields.get("truncate") or "tail"
    nothing: dict[str, Any] = {"problems": [], "notes": [], "pieces": [], "length": None, "max_length": None, "cut": {}}
    table, lm = request.fields.get("task"), held.lm
    template, problems = find_problems(text, None, truncate=truncate)
    if template is not None and table is not None:  # a template's syntax is checked before a table is opened
        _, problems = find_problems(text, held.task(table).fields, truncate=truncate)
    if template is None or problems or lm is None or table is None:
        return nothing | {"problems": list(map(asdict, problems))}
    from promptlab.jobs.engine.seen_prompt import seen_prompt  # torch, which a template's syntax does not wait for

    try:
        return nothing | seen_prompt(lm, template, _row(held, request))
    except PromptlabError as error:
        return nothing | {"problems": [asdict(_placed(error, text, lm))], "max_length": lm.max_length}


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
