"""Readouts that say what a test wants them to say: words as columns, and vectors that an output layer tells apart."""

from collections.abc import Mapping, Sequence

import torch
from tiny_models import tiny

from promptlab.model import Readout
from promptlab.template import Template


def columns_readout(columns: Mapping[str, Sequence[float]]) -> Readout:
    """Words' log-probabilities on N rows, as if each had been read whole."""
    lm, rows = tiny("bert"), len(next(iter(columns.values())))
    return Readout(
        hidden=torch.zeros(rows, 1, lm.output.width),
        log_norm=torch.zeros(rows, 1),
        rows=torch.arange(rows),
        cut=torch.zeros(rows, dtype=torch.long),
        dropped=torch.zeros(rows, dtype=torch.long),
        output=lm.output,
        spelling=lm.spelling(Template.parse("{text} It was {mask}")),
        whole_only=True,
        columns={word: torch.tensor(column) for word, column in columns.items()},
    )


def planted_readout(words: Sequence[str], copies: int, *, seed: int = 0) -> tuple[Readout, torch.Tensor]:
    """``copies`` rows a word on which the model all but says that word, and the word's place for each row (N,).

    The slot's vector is the word's output row, long, with a little noise.
    """
    lm, generator = tiny("bert"), torch.Generator().manual_seed(seed)
    spelling = lm.spelling(Template.parse("{text} It was {mask}"))
    targets = torch.arange(len(words)).repeat_interleave(copies)
    rows = lm.output.weight.detach()[[spelling.word(word)[0][0] for word in words]]
    vectors = 8 * torch.nn.functional.normalize(rows, dim=1)[targets]
    hidden = (vectors + 0.3 * torch.randn(vectors.shape, generator=generator))[:, None]
    count = torch.zeros(len(targets), dtype=torch.long)
    log_norm = lm.output.log_norm(hidden).detach()
    return Readout(hidden, log_norm, torch.arange(len(targets)), count, count, lm.output, spelling), targets
