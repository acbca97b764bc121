"""Calling a pipeline or an ensemble: texts in, labels and probabilities out."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from torch import Tensor

from promptlab.errors import DataError
from promptlab.pipeline.inputs import Input, as_examples, is_single
from promptlab.task import Example

# Texts that are read together when an iterator is given.
CHUNK = 1024


class Classifier(Protocol):
    """What gives log-probabilities (N, C) over its labels for examples with its fields."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def fields(self) -> tuple[str, ...]: ...

    def logprobs(self, examples: Sequence[Example]) -> Tensor: ...


def classify(classifier: Classifier, inputs: Input | Iterable[Input], *, top_k: int | None = 1) -> Any:
    """Labels and probabilities in the form of Hugging Face's text-classification pipeline.

    ``[{"label": ..., "score": ...}]`` for a list of texts (or pairs, or mappings of fields), one entry a text; a list
    of one for a single text; an iterator for an iterator. ``top_k`` above 1, or None for all labels, gives a list of
    entries a text, the likeliest first. Raises DataError for an input that lacks a field.
    """
    if is_single(inputs):
        return list(_entries(classifier, [inputs], top_k))  # type: ignore[list-item]
    if not isinstance(inputs, Iterable):
        raise DataError(f"{inputs!r} is no text: give a string, a list of texts or an iterator.")
    entries = _entries(classifier, inputs, top_k)  # type: ignore[arg-type]
    return entries if isinstance(inputs, Iterator) else list(entries)


def predict(classifier: Classifier, inputs: Input | Iterable[Input]) -> list[str]:
    """The likeliest label of each text."""
    return [entry["label"] for entry in classify(classifier, inputs)]


def _entries(classifier: Classifier, inputs: Iterable[Input], top_k: int | None) -> Iterator[Any]:
    examples = as_examples(inputs, classifier.fields)
    labels = classifier.labels
    while chunk := list(islice(examples, CHUNK)):
        for row in classifier.logprobs(chunk).exp():
            best = row.topk(min(top_k or len(row), len(row)))
            found = [
                {"label": labels[place], "score": score}
                for score, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            ]
            yield found[0] if top_k == 1 else found
