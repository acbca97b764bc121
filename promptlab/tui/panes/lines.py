"""Lines: a widget of lines that were cut to its width before; drawn again only when one of them is another."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget


class Lines(Widget):
    """``show`` gives it lines; without any it takes no place."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }"
    ALLOW_SELECT = True

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.lines: tuple[Content, ...] = ()

    def show(self, lines: Sequence[Content]) -> bool:
        """Draw these lines; whether anything changed."""
        old, new = self.lines, tuple(lines)
        if len(old) == len(new) and all(one.is_same(other) for one, other in zip(old, new, strict=True)):
            return False
        self.lines = new
        self.refresh(layout=len(old) != len(new))
        return True

    def render(self) -> Content:
        """The lines, one below the other."""
        return Content("\n").join(self.lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many as there are."""
        return len(self.lines)
