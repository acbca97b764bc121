"""A verbalizer without words for tests: the first numbers of a slot's vector at some depths are the labels' scores."""

from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.model import Depth, LanguageModel, Readout
from promptlab.template import Template
from promptlab.verbalizer import Word


@dataclass(frozen=True)
class FirstNumbers:
    """A label's score is its number of the vector, added over slots and depths."""

    labels: tuple[str, ...] = ("negative", "positive")
    depths: tuple[Depth, ...] = (1,)
    kind: str = "linear"

    def __call__(self, readout: Readout) -> Tensor:
        scores = [readout.at(depth).sum(1)[:, : len(self.labels)] for depth in self.depths]
        return torch.stack(scores).sum(0).log_softmax(-1)

    def raw(self, readout: Readout) -> Tensor:
        return self(readout)

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        return ()
