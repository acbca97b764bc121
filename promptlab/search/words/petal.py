"""PETAL: the words whose likelihood ratio between a label's rows and all the others is highest."""

import math
from collections.abc import Generator
from typing import Literal

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.results import Event, Progress
from promptlab.search.words.labelled import FoundWords, Labelled, one_label_each, top_words, words_of

Form = Literal["ratio", "cross-entropy"]
_LEAST = 1e-15


def petal(
    rows: Labelled, *, words: int = 10, candidates: int = 1000, form: Form = "ratio", balance: bool = True
) -> Generator[Event, None, FoundWords]:
    """Words for each label against all other labels together (Schick et al. 2020, "Automatically Identifying Words That
    Can Serve as Labels for Few-Shot Text Classification").

    ``candidates`` words a label with the largest sum of log q over its rows are ranked by ``form``; over several
    templates all sums are added (their joint search). ``balance`` weighs a label's own rows by n-/n+, as the paper
    does; PET's command leaves that out unless asked. Unlike there, a word that two labels would take goes to the one
    where it scores higher. Raises ConfigError for less than one candidate and for a label left without a word.
    """
    if candidates < 1:
        raise ConfigError(f"candidates = {candidates}: a label needs at least 1.")
    logprobs = rows.logprobs()
    table = torch.full((len(rows.labels), len(rows.candidates)), -torch.inf, dtype=torch.float64)
    for place in range(len(rows.labels)):
        own = rows.targets == place
        likely = torch.stack([part[own].double().sum(0) for part in logprobs]).sum(0)  # (W,)
        kept = likely.argsort(descending=True, stable=True)[:candidates]
        scores = [label_scores(part[:, kept], own, form=form, balance=balance) for part in logprobs]
        table[place, kept] = sum(scores[1:], scores[0])
        yield Progress(place + 1, len(rows.labels))
    kept_table = one_label_each(table, rows.candidates.words)
    places = top_words(kept_table, rows.labels, words, method="PETAL")
    name = "ratio" if form == "ratio" else "cross-entropy"
    provenance = {
        label: [f"PETAL, {name} {value:.1f}" for value in kept_table[row, places[label]].tolist()]
        for row, label in enumerate(rows.labels)
    }
    found = words_of(rows.candidates, places, provenance)
    shared = int((table.isfinite().sum(0) > 1).sum())
    notes = (f"{shared:,} words were candidates of several labels; each went to the one where it scores highest.",)
    return FoundWords(found, int(table.isfinite().any(0).sum()), notes if shared else (), unit="word")


def label_scores(logprobs: Tensor, own: Tensor, *, form: Form, balance: bool) -> Tensor:
    """(W,), float64, from log q (N, W) of one template and which rows are the label's own (N,).

    The likelihood ratio adds log(q/(1-q)) over the label's rows and subtracts it over the others; the cross-entropy
    form adds log q over its rows and log(1-q) over the others. q is kept between 1e-15 and 1 - 1e-15.
    """
    log_q = logprobs.double().clamp(math.log(_LEAST), math.log1p(-_LEAST))
    log_not = torch.log1p(-log_q.exp())
    weight = float((~own).sum() / own.sum()) if balance else 1.0
    if form == "ratio":
        odds = log_q - log_not
        return weight * odds[own].sum(0) - odds[~own].sum(0)
    return weight * log_q[own].sum(0) + log_not[~own].sum(0)
