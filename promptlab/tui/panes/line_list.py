"""A list of lines of any length: one line is drawn when it is seen, so that a change of one costs no more than that."""

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

# Line and width in cells -> the line; -1 is the line of the columns' names, which does not scroll.
Draw = Callable[[int, int], Text]


class LineList(ScrollView, can_focus=True):
    """``count`` lines below the names of their columns, the cursor on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor", "line-list--names"}
    DEFAULT_CSS = """
    LineList { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    LineList .line-list--cursor { background: $panel; text-style: bold; }
    LineList:focus .line-list--cursor { background: $primary 40%; text-style: bold; }
    LineList .line-list--names { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "go(0)", show=False),
        Binding("end,G", "go(-1)", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, lines: "LineList") -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> "LineList":
            """The list."""
            return self.lines

    class Clicked(Moved):
        """A click on the line under the cursor."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self.draw = draw
        self.count = self.cursor = 0

    def show(self, count: int, cursor: int) -> None:
        """Draw anew: so many lines, the cursor on this one."""
        self.count = count
        self.cursor = max(0, min(cursor, count - 1))
        if self.virtual_size.height != count + 1:
            self.virtual_size = Size(0, count + 1)
        self._keep_in_sight()
        self.refresh()

    def seen(self) -> range:
        """The lines on the screen."""
        top = self.scroll_offset.y
        return range(top, min(self.count, top + max(self.size.height - 1, 0)))

    def render_line(self, y: int) -> Strip:
        """The names of the columns, a line, or nothing below the last."""
        at, width = -1 if y == 0 else self.scroll_offset.y + y - 1, self.scrollable_content_region.width
        if at >= self.count:
            return Strip.blank(width, self.rich_style)
        is_cursor = at >= 0 and at == self.cursor
        mark = "▸ " if is_cursor and self.has_focus else "› " if is_cursor else "  "
        text = Text.assemble(mark, self.draw(at, max(width - len(mark), 1)))
        strip = Strip(text.render(self.app.console)).crop_extend(0, width, None)
        return strip.apply_style(self._style(at)).apply_offsets(0, y)

    def on_mount(self) -> None:
        """No scrolling by a sliding motion: the cursor is where the key puts it."""
        self.virtual_size = Size(0, self.count + 1)

    def on_resize(self) -> None:
        """The cursor stays on the screen."""
        self._keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line; say it where it stands there already."""
        at = self.scroll_offset.y + event.y - 1
        if event.y < 1 or not 0 <= at < self.count:
            return
        if at == self.cursor:
            self.post_message(self.Clicked(self))
        else:
            self._put(at)

    def action_move(self, step: int) -> None:
        """Some lines down, or up."""
        self._put(self.cursor + step)

    def action_page(self, step: int) -> None:
        """A screen down, or up."""
        self._put(self.cursor + step * max(1, self.size.height - 2))

    def action_go(self, at: int) -> None:
        """To a line; -1 is the last."""
        self._put(at if at >= 0 else self.count - 1)

    def _put(self, at: int) -> None:
        self.cursor = max(0, min(at, self.count - 1))
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Moved(self))

    def _keep_in_sight(self) -> None:
        height = self.size.height - 1
        if height < 1:
            return
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor - height + 1), self.cursor)
        if self.cursor <= 1:  # the heading above comes into sight too
            wanted = 0
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def _style(self, at: int) -> Style:
        if at < 0:
            return self.rich_style + self.get_component_rich_style("line-list--names", partial=True)
        if at == self.cursor:
            return self.rich_style + self.get_component_rich_style("line-list--cursor", partial=True)
        return self.rich_style
