"""Linear verbalizer: logistic regression on standardised slot vectors after any layer of the model."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from promptlab.model import Depth, LanguageModel, Readout
from promptlab.scoring.learned.folds import Folds, Learnt, log_losses, make_folds
from promptlab.scoring.learned.slot_vectors import Standard, rotated, slot_vectors
from promptlab.scoring.threads import one_thread_everywhere
from promptlab.template import Template
from promptlab.verbalizer import Word

# Inverse strengths of the penalty that are tried (scikit-learn's C).
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, eq=False)
class LinearVerbalizer:
    """A weight (C, F) and bias (C,) for each label on standardised vectors; softmax over the labels."""

    labels: tuple[str, ...]
    depth: Depth
    weight: Tensor
    bias: Tensor
    standard: Standard

    @property
    def kind(self) -> str:
        """The name of this verbalizer."""
        return "linear"

    @property
    def depths(self) -> tuple[Depth, ...]:
        """The one depth that it reads."""
        return (self.depth,)

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels."""
        vectors = self.standard(slot_vectors(readout, self.depth, width=self.standard.width))
        return (vectors @ self.weight.T + self.bias).log_softmax(-1)

    def raw(self, readout: Readout) -> Tensor:
        """The same: there is no calibration."""
        return self(readout)

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """None: it has no words."""
        return ()


@one_thread_everywhere()
def fit_linear(
    readout: Readout, targets: Tensor, labels: Sequence[str], *, depth: Depth = "top", seed: int = 13
) -> LinearVerbalizer:
    """Learn from rows with labels (N,); the penalty is chosen by the log-loss of rows left out.

    Raises ConfigError for a label with one row, DataError for one without any.
    """
    folds = make_folds(targets, labels, seed=seed)
    return learn_linear(readout, targets, labels, depth=depth, folds=folds).build(readout, targets)


def learn_linear(
    readout: Readout, targets: Tensor, labels: Sequence[str], *, depth: Depth, folds: Folds
) -> Learnt[LinearVerbalizer]:
    """Each penalty on rows left out; the best one's log-probabilities are held.

    The rows are standardised together, which needs no labels.
    """
    vectors = slot_vectors(readout, depth)
    coordinates, _ = rotated(Standard.of(vectors)(vectors))
    tried = {one: folds.held_out(coordinates, targets, partial(_logprobs, strength=one)) for one in STRENGTHS}
    best = min(tried, key=lambda one: float(log_losses(tried[one], targets).mean()))
    return Learnt(tried[best], partial(_build, labels=tuple(labels), depth=depth, strength=best))


def _build(
    readout: Readout, targets: Tensor, *, labels: tuple[str, ...], depth: Depth, strength: float
) -> LinearVerbalizer:
    vectors = slot_vectors(readout, depth)
    standard = Standard.of(vectors)
    coordinates, directions = rotated(standard(vectors))
    weight, bias = fit_logistic(coordinates, targets, strength=strength, tolerance=1e-7)
    return LinearVerbalizer(labels, depth, weight @ directions, bias, standard)


def fit_logistic(
    vectors: Tensor, targets: Tensor, *, strength: float, tolerance: float = 1e-3
) -> tuple[Tensor, Tensor]:
    """scikit-learn's multinomial logistic regression on (N, F): weight (C, F) and bias (C,), float32.

    Of two labels the first has zeros, which gives scikit-learn's probabilities.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, tol=tolerance, max_iter=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what 2,000 steps reach will do
        model.fit(vectors.double().numpy(), targets.numpy())
    weight, bias = torch.from_numpy(model.coef_).float(), torch.from_numpy(model.intercept_).float()
    if len(bias) == 1:
        weight, bias = torch.cat([torch.zeros_like(weight), weight]), torch.cat([torch.zeros_like(bias), bias])
    return weight, bias


def _logprobs(vectors: Tensor, targets: Tensor, others: Tensor, *, strength: float) -> Tensor:
    weight, bias = fit_logistic(vectors, targets, strength=strength)
    return (others @ weight.T + bias).log_softmax(-1)
