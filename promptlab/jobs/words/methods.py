"""How ``words learn`` learns: from shots that were read to words with weights, or to a verbalizer without words."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, Readout
from promptlab.results import Event, Note
from promptlab.scoring import Verbalizer
from promptlab.scoring.learned.candidates import Kind
from promptlab.scoring.learned.choose import KINDS, Choice, choose
from promptlab.scoring.learned.soft import fit_soft, soft_at_random, soft_from_words
from promptlab.scoring.weights import fit_weights
from promptlab.verbalizer import LabelWords

Method = Literal["weights", "soft", "prototype", "linear", "auto"]
# The kinds among which a method chooses by rows left out; each at every depth and averaged over depths.
_KINDS: dict[Method, tuple[Kind, ...]] = {
    "prototype": ("prototype", "protoverb"),
    "linear": ("linear",),
    "auto": KINDS,
}
# Methods that need one row of each label; choosing needs two.
_CHOOSE_NOTHING = ("weights", "soft")


@dataclass(frozen=True, eq=False)
class Material:
    """Shots that were read with their labels (N,), the words as given, and the words as they count in a mixture (None
    where they are no candidates). ``average`` is over all depths instead of choosing among them."""

    readout: Readout
    targets: Tensor
    words: LabelWords
    mixed_with: LabelWords | None
    depths: tuple[Depth, ...]
    average: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.words.labels


def rows_needed(method: Method) -> int:
    """How many rows of each label a method learns from at least."""
    return 1 if method in _CHOOSE_NOTHING else 2


def learn_by(
    method: Method, material: Material, *, seed: int
) -> Generator[Event, None, tuple[LabelWords | Verbalizer, Choice | None]]:
    """What the method learns, and how it was chosen where it chooses; yields Note.

    ``weights`` gives label words without a calibration. Raises ConfigError for too few rows.
    """
    if method == "weights":
        return fit_weights(material.words, material.readout, material.targets), None
    if method == "soft":
        return (yield from _soft(material, seed=seed)), None
    choice = choose(
        material.readout,
        material.targets,
        material.labels,
        words=material.mixed_with if method == "auto" else None,
        depths=material.depths,
        kinds=_KINDS[method],
        average=material.average,
        seed=seed,
    )
    return choice.verbalizer, choice


def depths_read(method: Method, depths: Sequence[Depth], *, average: bool = False) -> tuple[Depth, ...]:
    """The depths that a method reads of those asked for (none: its default is meant).

    Raises ConfigError for weights at another depth than the top, for class vectors at several, and for an average of
    either or over one depth.
    """
    if average and method in _CHOOSE_NOTHING:
        raise ConfigError(f"--average: {method} learns at one depth. Leave it out, or use linear.")
    if average and len(set(depths)) == 1:
        raise ConfigError("--average: there is nothing to average over one depth. Name two or more with --depths.")
    if method == "weights" and set(depths) - {"top"}:
        raise ConfigError("--depths: words are scored at the top alone, so weights are learnt there. Leave it out.")
    if method == "soft" and len(depths) > 1:
        raise ConfigError("--depths: soft learns at one depth. Name one, or use linear, which chooses among several.")
    return tuple(depths) or (("top",) if method in _CHOOSE_NOTHING else ())


def _soft(material: Material, *, seed: int) -> Generator[Event, None, Verbalizer]:
    """Class vectors that begin as the label words where these have one piece each, else at random."""
    (depth,) = material.depths
    try:
        start = soft_from_words(material.words, material.readout, depth=depth)
        yield Note("info", "The class vectors begin as the label words' rows of the output layer.")
    except ConfigError as error:
        start = soft_at_random(material.readout, material.labels, depth=depth, seed=seed)
        yield Note("info", f"The class vectors begin at random. {error}")
    return fit_soft(start, material.readout, material.targets)
