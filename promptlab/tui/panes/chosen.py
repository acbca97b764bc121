"""The settings that are not keys: theme, animation, model, device, precision and threads, each changed by enter."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.widget import Widget
from textual.widgets import DataTable

from promptlab.errors import ConfigError
from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.choose import Choice, Choose
from promptlab.tui.shown import cell
from promptlab.tui.state.settings import ANIMATIONS, DEVICES

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.hearing import Topic

_REMARKS = {
    "theme": "The colours. They are shown while you move through the list.",
    "animation": "Whether things glide. None is best over a slow line.",
    "model": "The language model that reads.",
    "device": "Where the model computes. A change reads again.",
    "precision": "Of the model's numbers. A change reads again.",
    "threads": "Of the processor, to compute with.",
}
_DEVICES = {
    "auto": "the fastest that is here",
    "cpu": "the processor",
    "cuda": "an NVIDIA or AMD card",
    "mps": "an Apple chip",
}
_PRECISIONS = {"": "what is fast here", "float32": "the exact one", "bfloat16": "half the memory", "float16": ""}
_ANIMATIONS = {"full": "everything glides", "basic": "little does", "none": "nothing does"}


class SettingsPane(Pane):
    """One row a setting."""

    place = "settings"
    title = "Settings"
    inner = "DataTable"
    HELP: ClassVar[str] = (
        "Settings hold for every folder and are kept in a file of yours, which may be edited by hand "
        "(`promptlab/config.toml` in the user's configuration folder).\n\n"
        "**Enter** changes the setting under the cursor. Themes are shown while you move through them. "
        "Device, precision and threads are those of the model: the rows are read again."
    )

    def compose(self) -> Iterable[Widget]:
        """A table."""
        table: DataTable[object] = DataTable(cursor_type="row", zebra_stripes=False)
        table.add_column("setting", key="setting", width=10)
        table.add_column("now", key="now", width=22)
        table.add_column("what it is", key="remark")
        yield table

    def on_mount(self) -> None:
        """Show the settings."""
        super().on_mount()
        self._picking = False
        table = self.query_one(DataTable)
        for name, remark in _REMARKS.items():
            table.add_row(cell(name.capitalize()), cell(self._now(name)), cell(remark), key=name)

    def heard(self, topic: "Topic") -> None:
        """Another model was chosen: here it is remembered for the next start."""
        if topic != "model" or not self.query(DataTable):
            return
        if self._picking:
            self._picking = False
            self._change("model", self.desk.session.model.name)
        self._show()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Change the setting."""
        event.stop()
        name = str(event.row_key.value)
        app = cast("PromptlabApp", self.app)
        if name == "model":
            self._picking = True
            self.run_worker(app.run_action("pick_model", app), exit_on_error=False)
            return
        now = self._value(name)
        preview: Callable[[str], None] | None = self._preview if name == "theme" else None
        self.app.push_screen(
            Choose(name.capitalize(), self._choices(name), now, preview=preview),
            lambda value: None if value is None else self._change(name, value),
        )

    def _preview(self, theme: str) -> None:
        app = cast("PromptlabApp", self.app)
        app.preferences.show_theme(app, theme)

    def _choices(self, name: str) -> list[Choice]:
        match name:
            case "theme":
                themes = sorted(self.app.available_themes, key=lambda one: (not one.startswith("promptlab"), one))
                return [Choice(theme, theme, "ours" if theme.startswith("promptlab") else "") for theme in themes]
            case "animation":
                return [Choice(value, value, _ANIMATIONS[value]) for value in ANIMATIONS]
            case "device":
                return [Choice(value, value, _DEVICES[value]) for value in DEVICES]
            case "precision":
                return [Choice(value, value or "auto", remark) for value, remark in _PRECISIONS.items()]
            case _:
                cores = os.cpu_count() or 1
                counts = sorted({1, 2, cores // 2, cores} - {0})
                return [Choice("", "auto", "as many as are fast"), *(Choice(str(n), str(n)) for n in counts)]

    def _change(self, name: str, value: str) -> None:
        app = cast("PromptlabApp", self.app)
        typed = (int(value) if value else None) if name == "threads" else value
        try:
            app.preferences.change(app, name, typed)
        except ConfigError as error:
            self.desk.say(str(error), "warning")
        self._show()

    def _show(self) -> None:
        table = self.query_one(DataTable)
        for name in _REMARKS:
            table.update_cell(name, "now", cell(self._now(name)))

    def _value(self, name: str) -> str:
        """The value of a setting as the choices have it: those of the model are the session's."""
        app, model = cast("PromptlabApp", self.app), self.desk.session.model
        held = {
            "theme": app.theme,
            "animation": app.preferences.settings.animation,
            "model": model.name,
            "device": model.device,
            "precision": model.dtype or "",
            "threads": str(model.threads or ""),
        }
        return held[name]

    def _now(self, name: str) -> str:
        return self._value(name) or "auto"
