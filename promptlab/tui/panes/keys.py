"""Every action with its key; enter records another one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.widget import Widget
from textual.widgets import DataTable

from promptlab.errors import ConfigError
from promptlab.tui.actions import ACTIONS, Action, declare
from promptlab.tui.modes import load_all
from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.record_key import RecordKey
from promptlab.tui.shown import cell
from promptlab.tui.state.keymap import shown_key

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


class KeysPane(Pane):
    """One row an action."""

    place = "keys"
    title = "Keys"
    inner = "DataTable"
    HELP: ClassVar[str] = (
        "Every action with its key. **Enter** records another key for the action under the cursor: press the key. "
        "A key that another action has, or that editors need themselves, is refused. **Backspace** gives the action "
        "its default key again. Actions without a key are found in the palette, ctrl+p."
    )
    BINDINGS = declare(
        Action("keys.default", "backspace", "default", "Default key", "Give the action its default key again.", True),
    )

    def compose(self) -> Iterable[Widget]:
        """A table."""
        table: DataTable[object] = DataTable(cursor_type="row")
        table.add_column("key", key="key", width=18)
        table.add_column("where", key="where", width=10)
        table.add_column("action", key="action", width=16)
        table.add_column("what it does", key="help")
        yield table

    def on_mount(self) -> None:
        """Show all actions, those that hold everywhere first."""
        super().on_mount()
        load_all()
        table = self.query_one(DataTable)
        for action in sorted(ACTIONS, key=lambda action: (action.place != "app", action.place)):
            where = "everywhere" if action.place == "app" else action.place
            table.add_row(cell(self._key(action)), cell(where), cell(action.name), cell(action.help), key=action.id)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Record a key for the action."""
        event.stop()
        self.app.push_screen(RecordKey(_action(str(event.row_key.value))), lambda changed: self._show())

    def action_default(self) -> None:
        """Give the action under the cursor its default key again."""
        table = self.query_one(DataTable)
        app = cast("PromptlabApp", self.app)
        action = _action(str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value))
        try:
            app.preferences.give_key(app, action, "")
        except ConfigError as error:
            self.desk.say(str(error), "warning")
        self._show()

    def _show(self) -> None:
        table = self.query_one(DataTable)
        for action in ACTIONS:
            if action.id in table.rows:
                table.update_cell(action.id, "key", cell(self._key(action)))

    def _key(self, action: Action) -> str:
        key = cast("PromptlabApp", self.app).preferences.key_of(action)
        mark = " *" if key != action.key else ""  # another one than the default
        return (shown_key(key) or "palette") + mark


def _action(name: str) -> Action:
    return next(action for action in ACTIONS if action.id == name)
