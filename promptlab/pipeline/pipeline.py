"""Pipeline: a model, a template and a verbalizer, which together classify text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, LanguageModel, NeedsReading, Readout
from promptlab.model.encode import Prompt
from promptlab.model.language_model import ReadoutStore
from promptlab.model.readout import layers_of
from promptlab.pipeline.classify import classify, predict
from promptlab.pipeline.demonstrations import solved
from promptlab.pipeline.inputs import Input
from promptlab.results import Scores
from promptlab.scoring import Verbalizer, WordVerbalizer
from promptlab.task import Example
from promptlab.template import Demonstration, Template, check_template
from promptlab.verbalizer import LabelWords, Word, check_words


@dataclass(frozen=True)
class Pipeline:
    """Everything that one classification needs.

    ``soft`` (S, E) are trained vectors for the template's soft parts, None before training (they then start from the
    pieces that they were initialised with). ``about`` is what a bundle says beyond this: metrics, versions, data.
    """

    lm: LanguageModel
    template: Template
    verbalizer: Verbalizer
    soft: Tensor | None = None
    demonstrations: tuple[Example, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.demonstrations and self.words is None:
            raise ConfigError(
                "A demonstration is answered with its label's first word, and a verbalizer of the kind "
                f"{self.verbalizer.kind!r} has no label words. Leave the demonstrations out, or use label words."
            )

    @classmethod
    def of(
        cls,
        lm: LanguageModel,
        template: Template,
        verbalizer: LabelWords | Verbalizer,
        *,
        demonstrations: Sequence[Example] = (),
    ) -> "Pipeline":
        """A checked pipeline: slots and texts agree, each label has words, no word has two, the model has the depths.

        Raises ConfigError, TemplateError or ModelError with what does not fit.
        """
        check_template(template, template.fields())
        if isinstance(verbalizer, LabelWords):
            check_words(verbalizer, verbalizer.labels, template.slots())
            verbalizer = WordVerbalizer(verbalizer)
        lm.check(template)
        verbalizer.whole_words(lm, template)
        lm.check_depths(layers_of(verbalizer.depths))
        return cls(lm, template, verbalizer, demonstrations=tuple(demonstrations))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.verbalizer.labels

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that a text is given as, in the order in which they first stand in the template."""
        return self.template.fields()

    @property
    def words(self) -> LabelWords | None:
        """The label words; None for a verbalizer without words."""
        return self.verbalizer.words if isinstance(self.verbalizer, WordVerbalizer) else None

    def with_words(self, words: LabelWords) -> "Pipeline":
        """The same with other label words."""
        return replace(self, verbalizer=WordVerbalizer(words))

    def __call__(self, inputs: Input | Iterable[Input], *, top_k: int | None = 1) -> Any:
        """Labels and probabilities in the form of Hugging Face's text-classification pipeline; see ``classify``."""
        return classify(self, inputs, top_k=top_k)

    def predict(self, inputs: Input | Iterable[Input]) -> list[str]:
        """The likeliest label of each text."""
        return predict(self, inputs)

    def logprobs(self, examples: Sequence[Example], *, cache: ReadoutStore | None = None) -> Tensor:
        """Log-probabilities (N, C) over the labels, float32."""
        parts = [(shard.rows, self.verbalizer(shard)) for shard in self.read(examples, cache=cache)]
        if not parts:
            return torch.empty(0, len(self.labels))
        order = torch.cat([rows for rows, _ in parts]).argsort()
        return torch.cat([values for _, values in parts])[order]

    def encode(self, examples: Sequence[Example]) -> list[Prompt]:
        """The prompts as pieces, with what was cut from each."""
        return self.lm.encode(self.template, examples, demonstrations=self._solved())

    def read(self, examples: Sequence[Example], *, cache: ReadoutStore | None = None) -> Iterator[Readout]:
        """Shards of one reading, with the verbalizer's depths and a column for every word that is read whole."""
        words = self.verbalizer.whole_words(self.lm, self.template)
        return self._read(examples, self.verbalizer.depths, words=words, cache=cache)

    def score(self, readout: Readout, examples: Sequence[Example], *, cache: ReadoutStore | None = None) -> Tensor:
        """Log-probabilities (N, C) over the labels from a reading that was made before, perhaps for another verbalizer.

        Depths and words that the reading lacks are read first; ``examples`` are all that it was given.
        """
        lacking = [depth for depth in self.verbalizer.depths if not readout.has(depth)]
        if lacking:
            further = Readout.join(self._read(examples, lacking, cache=cache))
            readout = readout.with_depths(further.select(readout.rows))
        try:
            return self.verbalizer(readout)
        except NeedsReading as need:
            filled = self.lm.read_words(self.template, examples, readout, need.words, cache=cache, **self._given())
            return self.verbalizer(filled)

    def _read(
        self,
        examples: Sequence[Example],
        depths: Sequence[Depth],
        *,
        words: Sequence[Word] = (),
        cache: ReadoutStore | None,
    ) -> Iterator[Readout]:
        layers, top = layers_of(depths), "top" in depths
        return self.lm.read(self.template, examples, words=words, depths=layers, top=top, cache=cache, **self._given())

    def _given(self) -> dict[str, Any]:
        return {"demonstrations": self._solved(), "soft": self.soft}

    def _solved(self) -> tuple[Demonstration, ...]:
        return () if self.words is None else solved(self.demonstrations, self.words)


def as_scores(labels: tuple[str, ...], logprobs: Tensor, examples: Sequence[Example]) -> Scores:
    """Scores from log-probabilities (N, C) and the examples that they belong to, in the same order."""
    targets = np.array(label_places(labels, examples), dtype=np.int64)
    return Scores(labels, logprobs.float().numpy(), targets, tuple(example.id for example in examples))


def label_places(labels: Sequence[str], examples: Iterable[Example]) -> list[int]:
    """The place of each example's label, -1 for one without."""
    index = {label: place for place, label in enumerate(labels)}
    return [index.get(example.label, -1) if example.label is not None else -1 for example in examples]
