"""Rows labelled a second by a pipeline that stops after a layer, against one that reads the whole model."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from made_verbalizers import FirstNumbers

from promptlab.model import load_model
from promptlab.pipeline import Pipeline
from promptlab.task import load_task, sample_rows, select_split
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

pytestmark = pytest.mark.bench
WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
THREADS, TURNS = 1, 3


def _measure(
    interleaved: Callable[..., list[float]], data: Path, model: str, prompt: str, depth: int, *, rows: int
) -> float:
    """Print both speeds; returns how many times faster the pipeline is that stops."""
    lm, template = load_model(model), Template.parse(prompt)
    torch.set_num_threads(THREADS)
    _, examples = select_split(load_task(data / "sst2"), "dev")
    some = sample_rows(examples, rows, seed=13)
    whole, low = Pipeline.of(lm, template, WORDS), Pipeline.of(lm, template, FirstNumbers(depths=(depth,)))
    for pipeline in (whole, low):
        pipeline.logprobs(some[:16])
    top, stopped = interleaved([lambda: whole.logprobs(some), lambda: low.logprobs(some)], TURNS)
    print(
        f"\n{lm.name}, {lm.dtype}, {THREADS} thread, {len(some)} rows of SST-2 dev, n={TURNS}: the whole model "
        f"{len(some) / top:.1f} rows/s, stopping after layer {depth} of {lm.layers} {len(some) / stopped:.1f} rows/s, "
        f"{top / stopped:.2f}x"
    )
    return top / stopped


def test_half_of_the_embedded_model(data: Path, interleaved: Callable[..., list[float]]) -> None:
    assert _measure(interleaved, data, "embedded", "{text} it was {mask}.", 3, rows=872) > 1.2


@pytest.mark.real
def test_two_thirds_of_gemma(data: Path, interleaved: Callable[..., list[float]], gemma_cache: Path) -> None:
    prompt = "Movie review: {text}\nIn short, the film is {mask}"
    assert _measure(interleaved, data, "gemma-3-270m", prompt, 12, rows=200) > 1.2
