"""``--out verbalizers/mine.toml#name``: where label words are written, checked before any work begins."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptlab.cli import console
from promptlab.errors import ConfigError
from promptlab.paths import can_write

if TYPE_CHECKING:
    from promptlab.verbalizer import LabelWords

Reference = Annotated[
    str | None,
    typer.Option("--out", metavar="FILE#NAME", help="Write the words to verbalizers/mine.toml#name; the rest stays."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Write over an entry that --out names and that exists.")]


@dataclass(frozen=True)
class Out:
    """A verbalizer file and the name of an entry in it."""

    path: Path
    name: str

    @classmethod
    def parse(cls, reference: str, *, source: str | None = None, replace: bool = False) -> "Out":
        """The file and name of ``file.toml#name``.

        ConfigError for another form, and for an entry that exists, unless it is what the words came from (``source``)
        or ``replace`` is set.
        """
        path, _, name = reference.partition("#")
        if not path.endswith(".toml") or not name:
            raise ConfigError(
                f"--out {reference!r}: write the file and the entry's name, such as verbalizers/mine.toml#name."
            )
        out = cls(Path(path).expanduser(), name)
        check_writable(out.path, reference)
        if reference != source and not replace and out._exists():
            raise ConfigError(f"{path} has an entry {name!r} already. Choose another name, or add --replace.")
        return out

    def write(self, words: "LabelWords") -> None:
        """Write the entry, everything else in the file kept, and say how to use it."""
        from promptlab.verbalizer import save_words

        try:
            save_words(words, self.path, self.name)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}. Choose another place.") from error
        console.say(f"Written: --words {self.path}#{self.name}")

    def _exists(self) -> bool:
        from promptlab.verbalizer import read_words

        return self.path.exists() and self.name in read_words(self.path)


def check_writable(path: Path, reference: str) -> None:
    """ConfigError, before any work, where nothing can be written."""
    if not can_write(path):
        raise ConfigError(f"--out {reference!r}: nothing can be written there. Choose a place of your own.")
