"""Whether a template fits the data: it has a slot, and every field it names is there."""

from collections.abc import Collection

from promptlab.errors import TemplateError
from promptlab.template.parse import KEYWORDS
from promptlab.template.parts import Field, Template
from promptlab.template.show import show_parts
from promptlab.text import listed, nearest, shorten


def check_template(template: Template, fields: Collection[str], *, where: str = "") -> None:
    """TemplateError for a field that the data has not, or for a template without a slot.

    ``where`` says which template, when there are several. Lines and columns are those of ``str(template)``.
    """
    of_which = f" of {where}" if where else ""
    for place, part in enumerate(template.parts):
        if isinstance(part, Field) and part.name not in fields:
            before = show_parts(template.parts[:place])
            column = len(before) - before.rfind("\n")
            raise TemplateError(unknown_field(part.name, fields, of_which), line=before.count("\n") + 1, column=column)
    if not template.slots():
        raise TemplateError(
            f"The template{of_which} {shorten(str(template), 60)!r} has no slot; "
            "write {mask} where the model answers."
        )


def unknown_field(name: str, fields: Collection[str], of_which: str = "") -> str:
    """The sentence for a field that the data has not."""
    shown = [shorten(field, 40) for field in fields]
    hint = nearest(name, [*fields, *KEYWORDS])
    return f"unknown field {shorten(name, 40)!r} in the template{of_which}; the data has {listed(shown)}.{hint}"
