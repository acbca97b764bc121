"""The type of the fixture that writes a file."""

from collections.abc import Callable
from pathlib import Path

Write = Callable[[str, str | bytes], Path]
