"""AutoPrompt's label words: those whose output rows point where a label's slot vectors differ from the others'."""

from collections.abc import Generator

import torch
from torch import Tensor, nn

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.results import Event, Progress
from promptlab.scoring.what_if import Candidates
from promptlab.search.words.labelled import FoundWords, Labelled, one_label_each, top_words, words_of


def autoprompt(
    rows: Labelled,
    *,
    words: int = 3,
    learning_rate: float = 3e-4,
    batch: int = 32,
    epochs: int = 50,
    seed: int = 13,
) -> Generator[Event, None, FoundWords]:
    """Words for each label (Shin et al. 2020, section 3.2): a multinomial logistic regression on the slot vectors as
    the output layer sees them, then the softmax over labels of its weights against each word's output row.

    Adam, batch and learning rate are those of their code, epochs those of their scripts, words a label one of the sizes
    that they tried; a label's score adds its words' probabilities. Unlike there, the regression starts from zero, and a
    word goes to the one label where its share is largest. Raises ConfigError for several templates.
    """
    if len(rows.readouts) != 1:
        raise ConfigError("AutoPrompt chooses words for one template: name one with --template.")
    (readout,) = rows.readouts
    if readout.vectors.shape[1] != 1:
        raise ConfigError("AutoPrompt chooses words for a template with one slot.")
    if min(batch, epochs) < 1:
        raise ConfigError("batch and epochs must be 1 or more.")
    if learning_rate <= 0:
        raise ConfigError(f"learning_rate = {learning_rate:g}: it must be above 0.")
    weight = yield from _regression(
        readout.vectors[:, 0], rows.targets, len(rows.labels), learning_rate, batch, epochs, seed
    )
    shares = (output_rows(readout, rows.candidates) @ weight.T).double().log_softmax(1).T  # (C, W)
    table = one_label_each(shares, rows.candidates.words)
    places = top_words(table, rows.labels, words, method="AutoPrompt")
    provenance = {
        label: [f"AutoPrompt, share {value:.2f}" for value in table[row, places[label]].exp().tolist()]
        for row, label in enumerate(rows.labels)
    }
    found = words_of(rows.candidates, places, provenance, combine="logsumexp")
    return FoundWords(found, len(rows.candidates), unit="word")


def _regression(
    vectors: Tensor, targets: Tensor, labels: int, learning_rate: float, batch: int, epochs: int, seed: int
) -> Generator[Event, None, Tensor]:
    """The weights (C, H) of a regression with a bias, trained on vectors (N, H)."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.zeros(labels, vectors.shape[1], requires_grad=True)
    bias = torch.zeros(labels, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=learning_rate)
    for epoch in range(1, epochs + 1):
        for part in torch.split(torch.randperm(len(vectors), generator=generator), batch):
            loss = nn.functional.cross_entropy(vectors[part] @ weight.T + bias, targets[part])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        yield Progress(epoch, epochs)
    return weight.detach()


def output_rows(readout: Readout, candidates: Candidates) -> Tensor:
    """The output layer's row (W, H) of each word's first piece."""
    if candidates.ids:
        ids = candidates.ids[0]
    else:
        ids = torch.tensor([readout.spelling.word(word)[0][0] for word in candidates.words])
    return readout.output.weight.detach()[ids.to(readout.output.weight.device)].float().cpu()
