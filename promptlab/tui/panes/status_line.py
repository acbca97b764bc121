"""The status line: task, model, what the engine does, device and memory, and whether something is unsaved."""

from typing import TYPE_CHECKING, cast

from textual.widgets import Static

from promptlab.text import shorten, size
from promptlab.tui.shown import plain, put

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

    def on_resize(self) -> None:
        """Show as much as fits now."""
        self.heard("task")

    def heard(self, topic: "Topic") -> None:
        """Show the line again."""
        text = status_text(cast("PromptlabApp", self.app).desk, width=self.size.width)
        put(self, plain(text), layout=False)


def status_text(desk: "Desk", *, width: int = 0) -> str:
    """The line in words; where ``width`` columns (0: any number) do not hold it, what matters least is left out."""
    unsaved = [] if desk.is_saved else ["*unsaved"]
    device = [] if desk.live.model is None else [_device(desk.live.model)]
    for task, model in ((24, 30), (16, 16), (10, 10)):
        named = f"{_task(desk, task)} · {shorten(desk.session.model.name, model)}"
        for parts in (
            ["promptlab", named, _engine(desk), *device],
            [named, _engine(desk), *device],
            [named, _engine(desk)],
        ):
            line = "  ".join([*parts, *unsaved])
            if not width or len(line) <= width:
                return line
    return "  ".join([_engine(desk), *unsaved])


def _task(desk: "Desk", most: int) -> str:
    return shorten(str(desk.task["name"]), most) if desk.task else "no task"


def _engine(desk: "Desk") -> str:
    live, state = desk.live, desk.engine.state
    if state.name == "stopped":
        return "✗ engine stopped (ctrl+r restarts it)"
    if live.phase == "loading":
        share = f" {live.done / live.total:.0%} of {size(live.total)}" if live.total else ""
        return f"◌ {live.said or 'loading the model'}{share}"
    if live.phase == "reading":
        rate = f", {live.rate:.0f} rows/s" if live.rate else ""
        return f"▶ reading {live.done:,}/{live.total:,}{rate}" if live.total else f"▶ {live.said or 'reading'}"
    return _ENGINE[state.name]


def _device(model: object) -> str:
    facts = cast("dict[str, object]", model)
    free = facts.get("free_memory")
    memory = f", {size(float(cast(float, free)))} free" if free else ""
    return f"{facts.get('device', '')} {facts.get('dtype', '')}{memory}"
