"""How a line of the library's tree is drawn, and what is said about it below the tree."""

from rich.cells import set_cell_size
from rich.text import Text

from promptlab.text import safe_text, shorten
from promptlab.tui.state.library_tree import Line


def draw_line(line: Line | None, mark: str, width: int) -> Text:
    """A line with its mark (``*`` in use, ``-`` does not fit, ``✗`` cannot be read), cut to the width.

    Without a line it is what stands above the tree.
    """
    if line is None:
        return Text(shorten(mark, max(width, 1)), no_wrap=True, end="")
    sign = "  " if line.is_open is None else "▾ " if line.is_open else "▸ "
    if line.problem:
        mark = "✗" if _is_broken(line) else mark or "-"
    left = "  " * line.depth if width > 30 else " " * line.depth
    shown = f"{left}{sign}{mark + ' ' if mark else ''}{shorten(line.text, 200)}"
    text = Text(set_cell_size(shown, width).rstrip() if len(shown) > width else shown, no_wrap=True, end="")
    if line.depth == 0 or mark == "*":
        text.stylize("bold")
    elif line.problem:
        text.stylize("dim")
    return text


def about_line(line: Line) -> str:
    """What is under the cursor: what is wrong with it, then what it is."""
    parts = [f"{'✗ ' if _is_broken(line) else ''}{line.problem}"] if line.problem else []
    if line.entry is not None:
        parts.insert(0, line.entry.reference)
    parts += [line.about] if line.about else []
    return "\n".join(safe_text(part[:2000], newlines=True) for part in parts)


def _is_broken(line: Line) -> bool:
    """Whether the file or the entry cannot be read, rather than being for another table."""
    return line.entry is None or line.entry.value is None
