"""What is wrong with a template or with label words, found without a model: sentences with their places."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptlab.errors import PromptlabError, TemplateError
from promptlab.template import Template, Truncate, check_template
from promptlab.verbalizer import LabelWords, check_words


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence and its place: ``line`` and ``column`` from 1 (0: the whole), ``length`` in characters."""

    what: str
    line: int = 0
    column: int = 0
    length: int = 1


def template_problems(
    text: str, fields: Sequence[str], *, truncate: Truncate = "tail"
) -> tuple[Template | None, tuple[Problem, ...]]:
    """The template, if it parses, and its problems for data with these fields."""
    try:
        template = Template.parse(text, truncate=truncate)
    except TemplateError as error:
        return None, (Problem(_without_place(error), error.line, error.column),)
    try:
        check_template(template, fields)
    except PromptlabError as error:
        return template, (_placed(str(error), text, template, fields),)
    return template, ()


def words_problem(words: LabelWords, slots: int | None) -> str:
    """Why these label words cannot be scored; empty when they can."""
    try:
        check_words(words, words.labels, slots)
    except PromptlabError as error:
        return str(error)
    return ""


def _without_place(error: TemplateError) -> str:
    return str(error).removeprefix(f"line {error.line}, column {error.column}: ")


def _placed(sentence: str, text: str, template: Template, fields: Sequence[str]) -> Problem:
    """The problem at the first field that the data lack, where that is what is wrong."""
    unknown = next((name for name in template.fields() if name not in fields), None)
    at = text.find("{" + unknown) if unknown is not None else -1
    if at < 0:
        return Problem(sentence)
    line, before = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at)
    return Problem(sentence, line, at - before, text.find("}", at) + 1 - at)
