"""Label words edited on a cached readout: 10,000 rows, 200 words, H = 384, float32, one thread."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from promptlab.jobs import Rows, evaluate, finish
from promptlab.model import Readout, ReadoutCache, load_model
from promptlab.pipeline import Pipeline
from promptlab.scoring import WordVerbalizer
from promptlab.task import load_task, select_split
from promptlab.template import Template
from promptlab.verbalizer import Combine, LabelWords, Word

pytestmark = pytest.mark.bench
ROWS, WORDS = 10_000, 200


@pytest.fixture(scope="module")
def readout() -> Readout:
    torch.set_num_threads(1)
    lm = load_model("embedded", dtype="float32")
    generator = torch.Generator().manual_seed(1)
    template = Template.parse("{text} it was {mask}.")
    return Readout(
        hidden=torch.randn(ROWS, 1, 384, generator=generator),
        log_norm=torch.randn(ROWS, 1, generator=generator),
        rows=torch.arange(ROWS),
        cut=torch.zeros(ROWS, dtype=torch.int64),
        dropped=torch.zeros(ROWS, dtype=torch.int64),
        output=lm.output,
        spelling=lm.spelling(template),
    )


def label_words(readout: Readout, combine: Combine) -> LabelWords:
    """200 words of one piece for two labels."""
    tokens = readout.spelling.tokens
    words = [Word(tokens.entry(piece)) for piece in range(2000, 9000) if tokens.entry(piece).isalpha()][:WORDS]
    return LabelWords({"a": tuple(words[::2]), "b": tuple(words[1::2])}, combine=combine)


def milliseconds(action: Callable[[], object], n: int = 15) -> float:
    times = []
    for _ in range(n):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


@pytest.mark.parametrize(("combine", "budget"), [("mean", 5), ("logsumexp", 25), ("max", 25)])
def test_all_words_to_accuracy(readout: Readout, combine: Combine, budget: float) -> None:
    words = label_words(readout, combine)
    targets = torch.arange(ROWS) % 2

    def accuracy() -> float:
        readout.memo.clear()
        return float((WordVerbalizer(words)(readout).argmax(-1) == targets).float().mean())

    accuracy()
    found = milliseconds(accuracy)
    print(f"\n{ROWS} rows x {WORDS} words, {combine}: {found:.2f} ms to the accuracy (budget {budget}, n=15, median)")
    assert found < budget * 3


def test_one_changed_word_to_accuracy(readout: Readout) -> None:
    words = label_words(readout, "mean")
    targets = torch.arange(ROWS) % 2
    spare = [Word(word) for word in ("great", "good", "nice", "fine", "lovely")]
    turns = iter(range(10_000))
    WordVerbalizer(words)(readout)

    def accuracy() -> float:
        changed = (*words.words["a"][:-1], replace(spare[0], weight=1 + next(turns) / 100))
        return float((WordVerbalizer(words.with_words("a", changed))(readout).argmax(-1) == targets).float().mean())

    accuracy()
    found = milliseconds(accuracy)
    print(f"\n{ROWS} rows x {WORDS} words, one changed: {found:.2f} ms (budget 1, n=15, median)")
    assert found < 5


def test_a_second_evaluation_of_real_rows(data: Path) -> None:
    torch.set_num_threads(1)
    lm = load_model("embedded")
    rows = Rows(select_split(load_task(data / "sst2"), "dev")[1])
    template, cache = Template.parse("{text} it was {mask}."), ReadoutCache()
    first = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
    second = LabelWords({"negative": (Word("bad"),), "positive": (Word("good"),)})
    read = finish(evaluate(Pipeline.of(lm, template, first), rows, cache=cache)).result
    again = finish(evaluate(Pipeline.of(lm, template, second), rows, cache=cache)).result
    print(f"\nSST-2 dev: {read['calls']} calls in {read['seconds']} s, then {again['calls']} in {again['seconds']} s")
    assert again["calls"] == 0 and np.isfinite(again["accuracy"])
