"""The status line: task, model, what the engine does, device and memory, and whether something is unsaved."""

from typing import TYPE_CHECKING, cast

from textual.widgets import Static

from promptlab.text import shorten, size
from promptlab.tui.shown import plain

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk, Topic

_ENGINE = {
    "off": "○ engine off",
    "starting": "◌ engine starting",
    "ready": "● engine ready",
    "stopped": "✗ engine stopped",
}


class StatusLine(Static):
    """One line at the top of every mode."""

    def on_mount(self) -> None:
        """Show it, and again at every change."""
        self._stop = cast("PromptlabApp", self.app).desk.listen(self.heard)
        self.heard("task")

    def on_unmount(self) -> None:
        """Hear no more."""
        self._stop()

    def heard(self, topic: "Topic") -> None:
        """Show the line again."""
        self.update(plain(status_text(cast("PromptlabApp", self.app).desk)))


def status_text(desk: "Desk") -> str:
    """The line in words."""
    live, session = desk.live, desk.session
    task = shorten(str(desk.task["name"]), 24) if desk.task else "no task"
    model = shorten(session.model.name, 30)
    parts = ["promptlab", f"{task} · {model}", _engine(desk)]
    if live.model is not None:
        parts.append(_device(live.model))
    if not desk.is_saved:
        parts.append("*unsaved")
    return "  ".join(parts)


def _engine(desk: "Desk") -> str:
    live, state = desk.live, desk.engine.state
    if state.name == "stopped":
        return "✗ engine stopped (ctrl+r restarts it)"
    if live.phase == "loading":
        return f"◌ {live.said or 'loading the model'}"
    if live.phase == "reading":
        rate = f", {live.rate:.0f} rows/s" if live.rate else ""
        return f"▶ reading {live.done:,}/{live.total:,}{rate}" if live.total else f"▶ {live.said or 'reading'}"
    return _ENGINE[state.name]


def _device(model: object) -> str:
    facts = cast("dict[str, object]", model)
    free = facts.get("free_memory")
    memory = f", {size(float(cast(float, free)))} free" if free else ""
    return f"{facts.get('device', '')} {facts.get('dtype', '')}{memory}"
