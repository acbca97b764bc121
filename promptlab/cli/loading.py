"""Loading a model for a command: what was asked of the machine, and what is said about the model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptlab.cli.console import say, warn
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.model import LanguageModel, ReadoutCache

# Rows above which readings are not kept on disk unless that is asked for.
MOST_CACHED = 50_000
EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a model computes, as the options say."""

    device: str = "auto"
    threads: int | None = None
    offline: bool = False
    dtype: str | None = None
    max_length: int | None = None
    revision: str | None = None

    def load(self, reference: str | None) -> "LanguageModel":
        """The model, with its size, precision and device said."""
        say(f"Loading {reference or EMBEDDED}.")
        from promptlab.model import load_model

        lm = load_model(
            reference or EMBEDDED,
            revision=self.revision or "",
            dtype=self.dtype,
            max_length=self.max_length,
            **self.place(),
        )
        describe(lm)
        return lm

    def place(self) -> dict[str, Any]:
        """What every way of loading takes."""
        return {"device": self.device, "threads": self.threads, "offline": self.offline, "say": say}

    def refuse_for(self, what: str) -> None:
        """ConfigError for options that a bundle or a stored run settles."""
        given = {"--dtype": self.dtype, "--max-length": self.max_length, "--revision": self.revision}
        for option, value in given.items():
            if value is not None:
                raise ConfigError(f"{option} does not go with {what}, which says that itself.")


def describe(lm: "LanguageModel") -> None:
    """Say what a loaded model is and how it computes."""
    import torch

    from promptlab.results import wording
    from promptlab.text import counted

    count = sum(value.numel() for value in lm.model.parameters())
    threads = f", {counted(torch.get_num_threads(), 'thread')}" if lm.device.type == "cpu" else ""
    packed = wording.unpacked(lm.quantization)
    say(f"{lm.name}: {lm.family}, {parameters(count)}{packed}, {lm.dtype} on {lm.device}{threads}.")


def parameters(count: int) -> str:
    """``17.2 million parameters``."""
    for size, name in ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")):
        if count >= size:
            return f"{count / size:.1f} {name} parameters"
    return f"{count} parameters"


def reading_cache(wanted: bool | None, rows: int) -> "ReadoutCache | None":
    """The user's cache of readings; None when it is not wanted, too much would be kept, or it cannot be opened."""
    if wanted is False:
        return None
    if wanted is None and rows > MOST_CACHED:
        say(f"Readings are not kept on disk for more than {MOST_CACHED:,} rows. Ask for it with --cache.")
        return None
    from promptlab.model import ReadoutCache

    try:
        return ReadoutCache.on_disk()
    except OSError as error:
        warn(f"The cache cannot be opened ({error.strerror}), so readings are not kept.")
        return None
