"""What people hand to a pipeline (texts, pairs, tables) as examples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from promptlab.errors import DataError
from promptlab.task import Example
from promptlab.text import counted, listed, nearest

Input = str | Mapping[str, object] | Sequence[object]


def as_examples(inputs: Iterable[Input], fields: tuple[str, ...]) -> Iterator[Example]:
    """Examples with a template's fields, one at a time.

    A string fills the one field; a tuple or list the fields in order; a mapping names them. Raises DataError
    for a missing field, with the row's number.
    """
    for number, given in enumerate(inputs, start=1):
        yield Example(_named(given, fields, number), id=str(number))


def is_single(inputs: object) -> bool:
    """Whether the inputs are one text or one table rather than many."""
    return isinstance(inputs, str | Mapping)


def _named(given: Input, fields: tuple[str, ...], number: int) -> dict[str, str]:
    if isinstance(given, Mapping):
        for name in fields:
            if name not in given:
                raise DataError(
                    f"Input {number} has no field {name!r}, which the template needs; it has {listed(map(str, given))}."
                    f"{nearest(name, map(str, given))}"
                )
        return {str(name): "" if value is None else str(value) for name, value in given.items()}
    if not isinstance(given, str | Sequence):
        raise DataError(f"Input {number} is {given!r}, which is no text: give a string, a tuple of texts or a mapping.")
    texts = (given,) if isinstance(given, str) else tuple(given)
    if len(texts) != len(fields):
        raise DataError(
            f"Input {number} has {counted(len(texts), 'text')}, and the template has {counted(len(fields), 'field')} "
            f"({listed(fields)}). Give one text a field, or a mapping such as {{{fields[0]!r}: ...}}."
            if fields
            else f"Input {number} has a text, and the template has no field to put it in."
        )
    return dict(zip(fields, map(str, texts), strict=True))
