"""Bundles pane: the bundles of this folder, newest first; damaged ones with what is wrong with them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import DataTable, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, listed, shorten, size
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import cell, plain
from promptlab.tui.state.bundle_contents import commands
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

FOLDER = "bundles"
_EMPTY = f"No bundle in {FOLDER}/ yet. Press f2 to save the template and words of the workbench as one."


class BundlesPane(Pane):
    """The list; what is under the cursor is shown beside it."""

    place = "bundles"
    title = "Bundles"
    inner = "#bundles"
    HELP = """# Bundles

A bundle is a folder with everything that a classifier is made of: template, label words, calibration, the model's name,
and the figures it was saved with. `t` tries it on a text, `y` copies the command that uses it, `enter` takes its
template and words into the workbench.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("bundles.try", "t", "try", "Try", "Try the bundle on a text.", True),
        Action("bundles.copy", "y", "copy", "Copy", "Copy the command that uses the bundle.", True),
        Action("bundles.refresh", "full_stop", "refresh_list", "Look again", "Look for bundles again."),
    )

    class Marked(Message):
        """Another bundle is under the cursor; None when there is none."""

        def __init__(self, bundle: Mapping[str, Any] | None) -> None:
            super().__init__()
            self.bundle = bundle

    class Taken(Message):
        """A bundle's template and words are wanted in the workbench."""

    class Tried(Message):
        """A text is to be tried."""

    def __init__(self) -> None:
        super().__init__()
        self.bundles: list[Mapping[str, Any]] = []
        self._wanted = ""  # the folder that the cursor is to go to once it is listed

    def compose(self) -> ComposeResult:
        """The table, or what stands there without bundles."""
        table = DataTable[Text](id="bundles", cursor_type="row")
        for name in ("name", "accuracy", "rows", "labels", "model", "saved", "size"):
            table.add_column(name)
        yield table
        yield Static(_EMPTY, id="empty", markup=False)

    def heard(self, topic: "Topic") -> None:
        """A bundle may have been saved."""
        if topic == "saved":
            self.action_refresh_list()

    def action_refresh_list(self) -> None:
        """Look for bundles again; the cursor stays on its bundle."""
        work(self, "list", self._list)

    @property
    def marked(self) -> Mapping[str, Any] | None:
        """The bundle under the cursor."""
        at = self.query_one("#bundles", DataTable).cursor_row
        return self.bundles[at] if 0 <= at < len(self.bundles) else None

    def go_to(self, folder: str) -> None:
        """Put the cursor on a bundle, as soon as it is listed."""
        self._wanted = folder
        self._show(self.bundles, "" if self.bundles else _EMPTY)

    async def _list(self) -> None:
        try:
            answer = await self.desk.ask("bundle", op="list", folder=FOLDER)
        except (EngineError, EngineGone) as error:
            return self._show([], str(error))
        newest = sorted(answer["bundles"], key=lambda one: str(one["created"]), reverse=True)
        self._show(newest, "" if newest else _EMPTY)

    def _show(self, bundles: list[Mapping[str, Any]], instead: str) -> None:
        before = self.marked
        self.bundles = bundles
        table = self.query_one("#bundles", DataTable)
        with self.prevent(DataTable.RowHighlighted):
            table.clear()
            for bundle in bundles:
                table.add_row(*_cells(bundle))
            folders = [bundle["folder"] for bundle in bundles]
            place = self._wanted if self._wanted in folders else before["folder"] if before is not None else ""
            if place in folders:
                table.move_cursor(row=folders.index(place))
                self._wanted = "" if place == self._wanted else self._wanted
        table.display = bool(bundles)
        self.query_one("#empty", Static).update(plain(instead))
        self.query_one("#empty").display = bool(instead)
        self.border_subtitle = plain(counted(len(bundles), "bundle") if bundles else "")
        self.post_message(self.Marked(self.marked))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what is under the cursor."""
        self.post_message(self.Marked(self.marked))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Take it into the workbench."""
        self.post_message(self.Taken())

    def action_try(self) -> None:
        """Try the bundle on a text."""
        self.post_message(self.Tried())

    def action_copy(self) -> None:
        """Copy the command that uses the bundle."""
        if self.marked is not None:
            command = commands(str(self.marked["folder"]))[0]
            self.app.copy_to_clipboard(command)
            self.desk.say(f"Copied: {shorten(command, 100)}")


def _cells(bundle: Mapping[str, Any]) -> list[Text]:
    if bundle["problem"]:
        return [cell(f"✗ {bundle['name']}", 30), cell("damaged"), *([cell("")] * 4), cell(size(bundle["bytes"]))]
    metrics = bundle["metrics"] or {}
    accuracy = metrics.get("accuracy")
    low, high = metrics.get("interval") or (None, None)
    shown = "-" if accuracy is None else f"{accuracy:.3f}" + (f" ({low:.2f}-{high:.2f})" if low is not None else "")
    return [
        cell(bundle["name"], 30),
        cell(shown),
        cell(f"{metrics['n']:,}" if "n" in metrics else "-"),
        cell(listed(map(str, bundle["labels"]), most=3), 40),
        cell(bundle["model"], 24),
        cell(str(bundle["created"])[:16].replace("T", " ")),
        cell(size(bundle["bytes"])),
    ]
