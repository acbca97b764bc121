"""Leaving: the line that stands in the terminal afterwards, a command that goes on from what was on the screen."""

import shlex
from typing import TYPE_CHECKING

from promptlab.errors import ConfigError
from promptlab.template import shell_literal
from promptlab.text import safe_text
from promptlab.verbalizer import LabelWords, parse_words

if TYPE_CHECKING:
    from promptlab.tui.desk import Desk

# Longer commands are not printed: nobody reads them, and few terminals let one copy them.
_LONGEST = 400


def eval_command(desk: "Desk") -> str:
    """The ``promptlab eval`` that evaluates what stands in the editors; empty where one line cannot say it."""
    session = desk.session
    if not desk.can_read or session.task is None or session.words is None:
        return ""
    is_named = "#" in session.words.name and desk.are_words_saved
    words = session.words.name if is_named else _words_option(session.words)
    template = _template_option(desk)
    if not words or not template:
        return ""
    task, model = session.task, session.model
    options = {
        "--task": task.reference,
        "--text": task.text,
        "--label": task.label,
        "--labels": task.labels,
        "--encoding": task.encoding,
        "--template": template,
        "--words": words,
        "--calibrate": session.calibration,
        "--model": None if model.name == "embedded" else model.name,
        "--revision": model.revision,
        "--dtype": model.dtype,
    }
    parts = ["promptlab", "eval", *(part for name, value in options.items() if value for part in (name, str(value)))]
    line = shlex.join(parts)
    return line if len(line) <= _LONGEST and safe_text(line) == line else ""


def _template_option(desk: "Desk") -> str:
    session = desk.session
    if "#" in session.template_name:
        return session.template_name
    text = session.template.replace("\n", "\\n").replace("\t", "\\t")
    return text if session.truncate == "tail" and "{" in text and shell_literal(text) == session.template else ""


def _words_option(words: LabelWords) -> str:
    """The words as ``--words`` takes them; empty where that would be other words than these."""
    on = {label: [word for word in row if word.on] for label, row in words.words.items()}
    line = " ".join(f"{label}={','.join(str(word) for word in row)}" for label, row in on.items())
    try:
        read = parse_words(line, words.labels)
    except ConfigError:
        return ""
    same = {label: [(str(word), word.weight) for word in row] for label, row in on.items()}
    again = {label: [(str(word), word.weight) for word in row] for label, row in read.words.items()}
    kinds = (words.pieces, words.combine, words.calibration) == (read.pieces, read.combine, read.calibration)
    return line if kinds and same == again else ""
