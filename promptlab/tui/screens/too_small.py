"""Too small: one line in the place of everything, until the terminal is large enough again."""

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

# Columns and rows below which nothing is shown.
LEAST = (60, 16)


class TooSmall(ModalScreen[None]):
    """Lies above whatever was open, which stays as it is."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(_line(*self.app.size), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """The line with the size as it is now."""
        self.query_one(Static).update(_line(*event.size))


def is_too_small(width: int, height: int) -> bool:
    """Whether nothing fits."""
    return width < LEAST[0] or height < LEAST[1]


def _line(width: int, height: int) -> str:
    least, now = f"{LEAST[0]}x{LEAST[1]}", f"{width}x{height}"
    said = (f"promptlab needs at least {least} (now {now})", f"at least {least} (now {now})", f"{now} < {least}")
    return next((line for line in said if len(line) <= width), said[-1])
