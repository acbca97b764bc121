"""What every verbalizer is: labels, and a readout into log-probabilities over them."""

from typing import Protocol

from torch import Tensor

from promptlab.model import LanguageModel, Readout
from promptlab.template import Template
from promptlab.verbalizer import Word


class Verbalizer(Protocol):
    """A readout (N examples) into log-probabilities over C labels, differentiable in the readout's vectors."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def __call__(self, readout: Readout) -> Tensor: ...

    def raw(self, readout: Readout) -> Tensor: ...

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]: ...
