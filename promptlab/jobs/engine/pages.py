"""``page``: some of the live rows as a table, filtered and sorted, whatever their number."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import ConfigError, PromptlabError
from promptlab.jobs.engine.held import Held, Say, Unread
from promptlab.jobs.engine.known import Known, judge, nothing_known, places_of_labels
from promptlab.jobs.engine.live_rows import Which, choose_live
from promptlab.jobs.wire import Request
from promptlab.task import Example, Task
from promptlab.task.columns import input_fields
from promptlab.task.peek import Search, glance
from promptlab.task.rows import ids_of
from promptlab.template import Template
from promptlab.text import listed, nearest

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

Sort = Literal["place", "confidence", "margin", "label", "predicted"]
FILTERS = ("label", "predicted", "right", "least", "most", "text", "ids")
_WIDTH = 300  # characters of a row's text
_MOST = 500  # rows of a page
_FIELDS = 8  # of which a row's text is made, where the template names none
_SECONDS = 0.5  # that one request searches texts for
_KEPT = 4  # orders, and searches


@dataclass
class _View:
    """Rows, the fields that stand for each, and what was worked out for them: orders of places, and searches.

    ``known`` is what the orders were made with.
    """

    rows: Sequence[Example]
    fields: tuple[str, ...]
    known: Known
    orders: dict[object, NDArray[np.int64]] = field(default_factory=dict)
    searches: dict[str, Search] = field(default_factory=dict)


_OF_READING: "WeakKeyDictionary[Reading, _View]" = WeakKeyDictionary()
_OF_TASK: dict[str, _View] = {}


def page(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """``count`` rows from ``start`` on, of those that fit the filter, in the order asked for.

    They are those of the request's reading or, where that is not held and a ``task`` is named, those that would be
    read of it. Raises ConfigError for an unknown filter, label or order, Unread where there are no such rows.
    """
    view, wanted = _view(held, request), dict(request.fields.get("filter") or {})
    search = _search(view, wanted.get("text"))
    order = _order(view, wanted, search, request.fields)
    start, count = max(int(request.fields.get("start", 0)), 0), min(int(request.fields.get("count", 50)), _MOST)
    return {
        "total": len(order),
        "all": len(view.rows),
        "read": view.known.read,
        "partial": None if search is None or search.is_done else {"scanned": search.scanned, "of": len(view.rows)},
        "rows": _rows(view, order[start : start + count].tolist()),
    }


def chosen(known: Known, wanted: Mapping[str, Any]) -> NDArray[np.bool_]:
    """(N,): the rows that fit a filter, its texts and ids apart; rows not read yet fit none on what they were given."""
    for name in wanted:
        if name not in FILTERS:
            raise ConfigError(f"Rows cannot be filtered by {name!r}.{nearest(name, FILTERS)} Known: {listed(FILTERS)}.")
    fits = np.ones(len(known), bool)
    for name, of in (("label", known.targets), ("predicted", known.predicted)):
        if wanted.get(name) is not None:
            fits &= of == _place_of(wanted[name], known.labels)
    if wanted.get("right") is not None:
        fits &= known.right() if wanted["right"] else known.wrong()
    if wanted.get("least") is not None:
        fits &= known.confidence >= np.float32(wanted["least"])
    if wanted.get("most") is not None:
        fits &= known.confidence <= np.float32(wanted["most"])
    return fits


def sorted_places(known: Known, places: NDArray[np.int64], by: Sort, *, is_descending: bool) -> NDArray[np.int64]:
    """The places in the order asked for, equal ones as they stand in the data; what is not known comes last."""
    if by not in get_args(Sort):
        raise ConfigError(f"Rows cannot be sorted by {by!r}. Known: {listed(get_args(Sort))}.")
    if by == "place":
        return places[::-1] if is_descending else places
    of: dict[str, NDArray[Any]] = {
        "confidence": known.confidence,
        "margin": known.margins,
        "label": known.targets,
        "predicted": known.predicted,
    }
    values = of[by][places]
    is_known = ~np.isnan(values) if values.dtype.kind == "f" else values >= 0
    keys = values[is_known].astype(np.float32)
    order = _argsort(-keys if is_descending else keys)
    return np.concatenate([places[is_known][order], places[~is_known]])


def _argsort(keys: NDArray[np.float32]) -> NDArray[np.int64]:
    """The places of the keys in rising order, equal ones in their own: three times faster than numpy's stable sort.

    A key's bits, turned so that they rise as it does, and its place make one whole number each.
    """
    bits = (keys + np.float32(0)).view(np.int32)  # + 0: minus zero becomes zero
    numbers = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64) << 32 | np.arange(len(keys))
    numbers.sort()
    places: NDArray[np.int64] = numbers & 0xFFFFFFFF
    return places


def _view(held: Held, request: Request) -> _View:
    """The rows of the reading with what they are given by its newest words, else those of the task."""
    try:
        reading = held.current(request)
    except Unread:
        if request.fields.get("task") is None:
            raise
        return _unread(held, request.fields["task"], request.fields.get("rows") or "live")
    known = _known(reading)
    view = _OF_READING.get(reading)
    if view is None:
        view = _OF_READING[reading] = _View(reading.rows, _fields(reading.task, reading.template), known)
    if view.known is not known:
        view.known = known
        view.orders.clear()
    return view


def _unread(held: Held, table: Mapping[str, Any], which: Which) -> _View:
    task = held.task(table)
    key = json.dumps([table, which, task.fingerprint], sort_keys=True)
    if key not in _OF_TASK:
        rows = choose_live(task, which).rows
        view = _View(rows, _fields(task), Known.of(task.labels, places_of_labels(rows, task.labels)))
        _put(_OF_TASK, key, view, most=1)
    return _OF_TASK[key]


def _known(reading: "Reading") -> Known:
    """By the newest words; as if nothing were read where these must be read whole first, or cannot be scored."""
    from promptlab.model import NeedsReading  # torch, which rows that nobody reads do not wait for

    try:
        words, calibration, _ = reading.newest()
        return judge(reading, words, calibration)[0]
    except (NeedsReading, Unread, PromptlabError):
        return nothing_known(reading)


def _search(view: _View, text: str | None) -> Search | None:
    """The search for a text, taken up where it stopped."""
    if not text:
        return None
    search = view.searches.pop(text, None) or Search(view.rows, text, view.fields)
    _put(view.searches, text, search)
    if not search.is_done:
        search.go_on(_SECONDS)
        view.orders.clear()
    return search


def _order(
    view: _View, wanted: Mapping[str, Any], search: Search | None, fields: Mapping[str, Any]
) -> NDArray[np.int64]:
    known = view.known
    by: Sort = fields.get("sort") or "place"
    is_descending = bool(fields.get("descending"))
    key = (repr(sorted(wanted.items())), by, is_descending)
    if key not in view.orders:
        fits = chosen(known, wanted)
        if search is not None:
            fits &= _mask(search.found, len(known))
        if wanted.get("ids") is not None:
            ids = set(map(str, wanted["ids"]))
            fits &= np.fromiter((one in ids for one in ids_of(view.rows)), bool, len(known))
        _put(view.orders, key, sorted_places(known, np.flatnonzero(fits), by, is_descending=is_descending))
    return view.orders[key]


def _rows(view: _View, places: Sequence[int]) -> list[dict[str, Any]]:
    names, known = view.fields, view.known
    return [
        {
            "place": place,
            "id": one.id,
            "text": " | ".join(one.fields[name] for name in names if name in one.fields)[:_WIDTH],
            "label": known.label(place),
            "predicted": known.prediction(place),
            "confidence": _number(known.confidence[place]),
            "margin": _number(known.margins[place]),
            "right": known.is_right(place),
        }
        for place, one in zip(places, glance(view.rows, places, names, width=_WIDTH), strict=True)
    ]


def _fields(task: Task, template: Template | None = None) -> tuple[str, ...]:
    """The fields whose text stands for a row: those that the template names, else the first that the task has."""
    return (() if template is None else template.fields()) or tuple(input_fields(task)[:_FIELDS])


def _place_of(name: str, labels: Sequence[str]) -> int:
    if name not in labels:
        raise ConfigError(f"The task has no label {name!r}.{nearest(name, labels)} It has {listed(labels)}.")
    return labels.index(name)


def _mask(places: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, bool)
    mask[places] = True
    return mask


def _number(value: np.float32) -> float | None:
    return float(value) if np.isfinite(value) else None


def _put(kept: dict[Any, Any], key: object, value: object, *, most: int = _KEPT) -> None:
    """Keep a value under a key, the oldest going where there are more than ``most``."""
    kept[key] = value
    while len(kept) > most:
        del kept[next(iter(kept))]
