"""Ensemble: several pipelines as one, their log-probabilities averaged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model.language_model import LanguageModel, ReadoutStore
from promptlab.pipeline.classify import classify, predict
from promptlab.pipeline.inputs import Input
from promptlab.pipeline.pipeline import Pipeline
from promptlab.task import Example


@dataclass(frozen=True)
class Ensemble:
    """Members of one model and the same labels, and a weight for each.

    An example's score for a label is the weighted mean of the members' log-probabilities, normalised over the labels (a
    geometric mean of probabilities).
    """

    members: tuple[Pipeline, ...]
    weights: tuple[float, ...]
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.members or len(self.members) != len(self.weights):
            raise ConfigError("An ensemble needs one member or more, and a weight for each.")
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ConfigError(f"The weights of an ensemble must be 0 or more and not all 0: {list(self.weights)}.")
        for member in self.members[1:]:
            if member.labels != self.labels:
                raise ConfigError(
                    f"The members of an ensemble need the same labels: {self.labels} and {member.labels}."
                )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.members[0].labels

    @property
    def lm(self) -> LanguageModel:
        """The language model that the members share."""
        return self.members[0].lm

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the members' templates have, each once."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.fields))

    def __call__(self, inputs: Input | Iterable[Input], *, top_k: int | None = 1) -> Any:
        """Labels and probabilities; see ``classify``."""
        return classify(self, inputs, top_k=top_k)

    def predict(self, inputs: Input | Iterable[Input]) -> list[str]:
        """The likeliest label of each text."""
        return predict(self, inputs)

    def logprobs(self, examples: Sequence[Example], *, cache: ReadoutStore | None = None) -> Tensor:
        """Log-probabilities (N, C) over the labels, float32."""
        return self.combine([member.logprobs(examples, cache=cache) for member in self.members])

    def combine(self, logprobs: Sequence[Tensor]) -> Tensor:
        """The members' log-probabilities, each (N, C), as the ensemble's."""
        total = sum(self.weights)
        parts = [part * (weight / total) for part, weight in zip(logprobs, self.weights, strict=True)]
        return sum(parts[1:], parts[0]).log_softmax(-1)
