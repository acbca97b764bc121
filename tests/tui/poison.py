"""Texts that try to be markup, to drive the terminal or to break a line, and an engine whose every answer holds one."""

from collections.abc import Iterable, Mapping
from typing import Any

from on_screen import screen_text, until
from rich.cells import cell_len
from scripted_engine import ANSWERS, Answer, Asked, Emit
from textual.app import App
from textual.pilot import Pilot

from promptlab.text import safe_text, shorten

PAYLOADS: Mapping[str, str] = {
    "mask": "[MASK] x",
    "special pieces": "[CLS][SEP][Z][T]",
    "closing tag": "[/b]x",
    "closing nothing": "[/]x",
    "italic": "[i]x",
    "colour": "[red]x[/red]",
    "own colour": "[#fe01dc on #dc01fe]x",
    "action": "[@click=app.quit]x[/]",
    "call": "[@click=app.bell()]x",
    "variable": "[$error]x[/$error]",
    "class": "[.dim]x",
    "link": "[link=https://example.org]x[/link]",
    "unclosed": "[b",
    "unopened": "b]]",
    "escaped": "\\[b]x",
    "backslashes": "\\\\n\\",
    "brace": "{a",
    "braces": "}}{{",
    "dollar": "$text %(x)s {0}",
    "emoji code": ":smile: :x:",
    "markdown": "# *a* `b` [c](d) ![e](f)",
    "html": "<b onclick=x>&lt;",
    "quotes": "'\"`",
    "ansi colour": "\x1b[31mx\x1b[0m",
    "clear screen": "\x1b[2J\x1b[Hx",
    "cursor up": "\x1b[9Ax",
    "window title": "\x1b]0;x\x07",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07x",
    "hyperlink": "\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\",
    "device control": "\x1bP+q544e\x1b\\x",
    "alternate screen": "\x1b[?1049lx",
    "c1 csi": "\x9b31mx",
    "c1 osc": "\x9d52;c;ZXZpbA==\x9cx",
    "bell": "\x07x",
    "nul": "\x00x",
    "backspace": "\x08\x08x",
    "delete": "\x7fx",
    "form feed": "x\x0c\x0bx",
    "carriage return": "x\ry",
    "newlines": "x\n\n\ny",
    "tabs": "x\t\ty",
    "line separators": "x\u2028y\u2029z\x85w",
    "override": "\u202egnp.exe",
    "isolates": "\u2066x\u2067y\u2068z\u2069",
    "marks": "\u200ex\u200fy\u061c",
    "joiners": "x\u200dy\u200cz",
    "zero width": "\ufeffx\u200by\u2060z\u00ad",
    "tags": "x\U000e0041\U000e0042",
    "combining": "x" + "\u0301\u0327" * 150,
    "wide": "日本語テキスト",
    "family": "👨\u200d👩\u200d👧\u200d👦x",
    "right to left": "\u05d0\u05d1\u05d2 \u0627\u0628",
    "surrogates": "\ud800x\udfff",
    "private": "\ue000x\uf8ff",
    "long": "x" * 10_000,
    "long words": "ab " * 3_000,
    "deep": "[" * 2_000,
}


def mixtures() -> list[str]:
    """All payloads in a few texts: some short ones behind one another, each text begun by another kind of markup."""
    short = [payload for payload in PAYLOADS.values() if len(payload) <= 40]
    begun, others = short[:_MIXTURES], short[_MIXTURES:]
    mixed = [first + " ".join(others[at::_MIXTURES]) for at, first in enumerate(begun)]
    return [*mixed, *(payload for payload in PAYLOADS.values() if len(payload) > 40)]


_MIXTURES = 4
# Values of these keys are the protocol's own words, not text from outside.
_OWN = frozenset({"kind", "level", "part", "verdict", "split", "truncate", "calibration", "created", "source", "dtype"})
# Below these keys the keys themselves are names from outside.
_NAMED = frozenset({"per_label", "label_counts", "words", "labels", "raw", "effects", "cells", "fields"})


def poisoned(value: Any, payload: str, *, key: str = "") -> Any:
    """The value with the payload before each text in it that comes from outside."""
    if isinstance(value, dict):
        fields = value.items()
        return {
            _put(name, payload) if key in _NAMED else name: poisoned(one, payload, key=name) for name, one in fields
        }
    if isinstance(value, list):
        return [poisoned(one, payload, key="" if key in _NAMED else key) for one in value]
    return _put(value, payload) if isinstance(value, str) and key not in _OWN else value


def _put(text: str, payload: str) -> str:
    """Texts that are parsed stay: templates with their fields, and the table that words stand in."""
    return text if "{mask}" in text or text in ("text", "words", "") or text.startswith(payload) else payload + text


class Poisoner:
    """``answers`` are the scripted ones with ``payload`` in each of their texts; it can be another at any time."""

    def __init__(self) -> None:
        self.payload = ""
        self.answers: dict[str, Answer] = {do: self.of(answer) for do, answer in ANSWERS.items()}

    def of(self, answer: Answer) -> Answer:
        """The answer with the payload of the moment in it."""

        def answers(asked: Asked, emit: Emit) -> dict[str, Any]:
            result = answer(asked, lambda event: emit(poisoned(event, self.payload)))
            result = {**result, **self._more(asked)}
            if asked.do == "words":
                result["words"] = {
                    label: [{**word, "problems": ["a problem"]} for word in row]
                    for label, row in result["words"].items()
                }
            shown: dict[str, Any] = poisoned(result, self.payload)
            return shown

        return answers

    def _more(self, asked: Asked) -> dict[str, Any]:
        """What the harmless answers leave empty."""
        return {
            "guess": {"fields": ["text", "column"], "columns": ["text", "label", "column"]},
            "row": {"cut": {self.payload + "text": 3}},
        }.get(asked.do, {})

    @property
    def seen(self) -> str:
        """What a screen must show of the payload wherever one of its texts stands, however narrow that is."""
        return seen(self.payload)


def seen(payload: str, *, most: int = 5) -> str:
    """The first characters of a payload as a widget shows it: on one line, what is unsafe marked."""
    text = ""
    for letter in shorten(payload, 200)[:most]:
        if cell_len(text + letter) > most:
            break
        text += letter
    return text.strip()


def check_screen(app: App[Any], where: str) -> None:
    """Nothing on the screen could drive the terminal, is a link or an action, or is wider than its line."""
    for strip in app.screen._compositor.render_strips():
        text = strip.text
        assert safe_text(text) == text, (where, ascii(text))
        assert cell_len(text) == app.size.width, (where, cell_len(text), text)
        for segment in strip:
            style = segment.style
            assert not segment.control, where
            if style is not None:
                assert style.link is None and "@click" not in style.meta, (where, segment)
                assert style.color is None or style.color.name not in ("red", "#fe01dc", "#ff0000"), (where, segment)


def text_in(app: App[Any], selector: str) -> str:
    """What stands in a widget's place on the screen, its frame included."""
    region = app.screen.query_one(selector).region
    lines = [strip.crop(region.x, region.right).text for strip in app.screen._compositor.render_strips()]
    return "\n".join(lines[region.y : region.bottom])


async def all_show(app: App[Any], pilot: Pilot[Any], text: str, selectors: Iterable[str]) -> None:
    """Wait until each of the widgets shows a text, and check the screen then."""
    for selector in selectors:
        try:
            await until(pilot, lambda selector=selector: text in text_in(app, selector))
        except AssertionError:
            raise AssertionError(f"{selector} never showed {text!a}:\n{screen_text(app)}") from None
    check_screen(app, text)
