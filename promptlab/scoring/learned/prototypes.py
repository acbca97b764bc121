"""Prototypical verbalizer: how near a slot's vector is, by cosine, to a prototype of each label."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from promptlab.model import Depth, LanguageModel, Readout
from promptlab.scoring.learned.folds import Folds, Learnt, fit_temperature, make_folds
from promptlab.scoring.learned.slot_vectors import Standard, slot_vectors
from promptlab.template import Template
from promptlab.verbalizer import Word

# Where a temperature of cosines usually lies: a cosine of 0.5 and one of 0 then are 50 to 1.
USUAL_TEMPERATURE = 0.125


@dataclass(frozen=True, eq=False)
class PrototypeVerbalizer:
    """Prototypes (C, P) of the labels, and the cosine to each as a score: ProtoVerb (Cui et al. 2022).

    ``projection`` (P, F) takes standardised vectors to where the prototypes are; None for the closed form, whose
    prototypes are the labels' mean vectors (P = F). The paper has cosines only; ``temperature`` makes probabilities.
    """

    labels: tuple[str, ...]
    depth: Depth
    prototypes: Tensor
    standard: Standard
    projection: Tensor | None = None
    temperature: float = USUAL_TEMPERATURE

    @property
    def kind(self) -> str:
        """The name of this verbalizer."""
        return "prototype"

    @property
    def depths(self) -> tuple[Depth, ...]:
        """The one depth that it reads."""
        return (self.depth,)

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels."""
        return (self.cosines(readout) / self.temperature).log_softmax(-1)

    def raw(self, readout: Readout) -> Tensor:
        """The same: there is no calibration."""
        return self(readout)

    def cosines(self, readout: Readout) -> Tensor:
        """(N, C): -1 to 1."""
        vectors = self.standard(slot_vectors(readout, self.depth, width=self.standard.width))
        return cosines(vectors if self.projection is None else vectors @ self.projection.T, self.prototypes)

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """None: it has no words."""
        return ()


def fit_means(
    readout: Readout, targets: Tensor, labels: Sequence[str], *, depth: Depth = "top", seed: int = 13
) -> PrototypeVerbalizer:
    """The closed form: each label's prototype is the mean of its rows' standardised vectors.

    The temperature is that of the lowest log-loss on rows left out. Raises ConfigError for a label with one row.
    """
    folds = make_folds(targets, labels, seed=seed)
    return learn_means(readout, targets, labels, depth=depth, folds=folds).build(readout, targets)


def learn_means(
    readout: Readout, targets: Tensor, labels: Sequence[str], *, depth: Depth, folds: Folds
) -> Learnt[PrototypeVerbalizer]:
    """Means, their cosines to rows left out, and a temperature for these."""
    vectors, count = slot_vectors(readout, depth), len(labels)
    rows = Standard.of(vectors)(vectors)
    left_out = folds.held_out(rows, targets, lambda near, of, far: cosines(far, class_means(near, of, count)))
    temperature = fit_temperature(left_out, targets, usual=USUAL_TEMPERATURE)

    def build(readout: Readout, targets: Tensor) -> PrototypeVerbalizer:
        vectors = slot_vectors(readout, depth)
        standard = Standard.of(vectors)
        means = class_means(standard(vectors), targets, count)
        return PrototypeVerbalizer(tuple(labels), depth, means, standard, temperature=temperature)

    return Learnt((left_out / temperature).log_softmax(-1), build)


def class_means(vectors: Tensor, targets: Tensor, count: int) -> Tensor:
    """The mean (C, F) of each label's rows of (N, F)."""
    members = functional.one_hot(targets, count).to(vectors)  # (N, C)
    return (members.T @ vectors) / members.sum(0)[:, None]


def cosines(vectors: Tensor, prototypes: Tensor) -> Tensor:
    """(N, P), (C, P) -> (N, C)."""
    return functional.normalize(vectors, dim=-1) @ functional.normalize(prototypes, dim=-1).T
