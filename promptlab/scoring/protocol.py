"""What every verbalizer is: labels, and a readout into log-probabilities over them."""

from typing import Protocol

from torch import Tensor

from promptlab.model import Depth, LanguageModel, Readout
from promptlab.template import Template
from promptlab.verbalizer import Word


class Verbalizer(Protocol):
    """A readout (N examples) into log-probabilities over C labels, differentiable in the readout's vectors.

    ``kind`` is what it calls itself: ``words``, ``soft``, ``prototype``, ``linear`` or ``mixed``. ``depths`` are those
    that it reads, ``"top"`` for what the output layer saw: where that is not among them, a model stops at the deepest.
    """

    @property
    def kind(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def depths(self) -> tuple[Depth, ...]: ...

    def __call__(self, readout: Readout) -> Tensor: ...

    def raw(self, readout: Readout) -> Tensor: ...

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]: ...
