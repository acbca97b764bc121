"""What-if sweeps: 500 candidates on 2,000 rows, and a whole vocabulary on 900, one thread, columns timed apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from tiny_models import tiny
from torch import Tensor

from promptlab.model import LanguageModel, Readout, load_model
from promptlab.scoring.threads import one_thread
from promptlab.scoring.vocabulary import SlotVocabulary, slot_vocabulary
from promptlab.scoring.what_if import split_halves, what_if
from promptlab.scoring.what_if.scores import Candidates, Standing, WordScores
from promptlab.scoring.what_if.sweep import sweep
from promptlab.template import Template
from promptlab.verbalizer import Combine, LabelWords, Word

pytestmark = pytest.mark.bench
TEMPLATE = Template.parse("{text} it was {mask}.")
Timer = Callable[[Sequence[Callable[[], object]], int], list[float]]


@pytest.fixture(scope="module", params=["embedded", "tiny bert"])
def lm(request: pytest.FixtureRequest) -> LanguageModel:
    return load_model("embedded", dtype="float32") if request.param == "embedded" else tiny("bert")


def random_readout(lm: LanguageModel, rows: int) -> Readout:
    """Vectors at random: what they say does not matter to the time."""
    generator = torch.Generator().manual_seed(1)
    return Readout(
        hidden=torch.randn(rows, 1, lm.output.width, generator=generator),
        log_norm=torch.randn(rows, 1, generator=generator) + 10,
        rows=torch.arange(rows),
        cut=torch.zeros(rows, dtype=torch.int64),
        dropped=torch.zeros(rows, dtype=torch.int64),
        output=lm.output,
        spelling=lm.spelling(TEMPLATE),
    )


def vocabulary(lm: LanguageModel, size: int) -> Candidates:
    """So many words; where a model has fewer, they come again and again under other names."""
    found = slot_vocabulary(lm, TEMPLATE, english=False)
    words, ids = list(found.words), found.ids
    repeats = -(-size // len(words))
    named = tuple(f"{word}{turn or ''}" for turn in range(repeats) for word in words)[:size]
    return Candidates.vocabulary([SlotVocabulary(named, ids.repeat(repeats)[:size])])


def label_words(labels: int, combine: Combine) -> LabelWords:
    words = ("good", "bad", "film", "story", "war", "yes", "no", "fine")
    return LabelWords({f"label {place}": (Word(words[place]),) for place in range(labels)}, combine=combine)


@dataclass(frozen=True)
class Kept(WordScores):
    """Columns worked out before, so that the sweep alone is timed."""

    table: Tensor = field(default_factory=lambda: torch.empty(0))

    def blocks(self, candidates: Candidates) -> Iterator[tuple[slice, Tensor]]:
        yield slice(0, len(candidates)), self.table


@pytest.mark.parametrize("labels", [2, 4])
@pytest.mark.parametrize("combine", ["mean", "logsumexp", "max"])
def test_500_candidates_on_2000_rows(interleaved: Timer, lm: LanguageModel, combine: Combine, labels: int) -> None:
    readout, words, targets = random_readout(lm, 2000), label_words(labels, combine), torch.arange(2000) % labels
    candidates, halves = vocabulary(lm, 500), split_halves(targets, seed=13)
    source = WordScores((readout,), words)
    kept = Kept((readout,), words, table=source.of(candidates))

    def swept() -> None:
        with one_thread():
            sweep(kept, Standing.of(source, targets), candidates, halves)

    def columns() -> None:
        with one_thread():
            source.of(candidates)

    sweeping, reading = interleaved([swept, columns], 15)
    print(
        f"\n{lm.name}, 500 candidates x 2,000 rows x {labels} labels, {combine}, added and replaced: "
        f"{1000 * sweeping:.1f} ms (budget 20), columns {1000 * reading:.1f} ms (n=15, medians)"
    )
    assert sweeping < 0.06


@pytest.mark.parametrize("labels", [2, 6])
@pytest.mark.parametrize("refit", [False, True])
def test_a_whole_vocabulary_on_900_rows(interleaved: Timer, lm: LanguageModel, refit: bool, labels: int) -> None:
    readout, words, targets = random_readout(lm, 900), label_words(labels, "mean"), torch.arange(900) % labels
    candidates = vocabulary(lm, 30_000 if lm.name != "embedded" else 13_000)
    (seconds,) = interleaved([lambda: what_if([readout], words, targets, candidates, refit=refit)], 3)
    how = "prior fitted anew for each" if refit else "as they are calibrated"
    print(
        f"\n{lm.name}, {len(candidates):,} words x 900 rows x {labels} labels, {how}: "
        f"{seconds:.2f} s with columns (budget 1.5, n=3, median)"
    )
    assert refit or seconds < 4.5
