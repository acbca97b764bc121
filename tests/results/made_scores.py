"""Scores made for tests: written down row by row, or drawn from a seed."""

import numpy as np

from promptlab.results.scores import Scores

LABELS = ("negative", "neutral", "positive")


def written(rows, targets, *, labels=LABELS, ids=None) -> Scores:
    """Scores from probabilities, a list a row."""
    values = np.log(np.array(rows, np.float64).reshape(len(rows), len(labels))).astype(np.float32)
    return Scores(labels, values, np.array(targets, np.int64), tuple(ids or map(str, range(len(rows)))))


def drawn(n, *, seed, labels=LABELS, unlabelled=0.0) -> Scores:
    """Random scores and targets."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, len(labels))) * 2
    values = (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)
    targets = random.integers(0, len(labels), n)
    targets[random.random(n) < unlabelled] = -1
    return Scores(labels, values, targets, tuple(f"row-{i}" for i in range(n)))


def answered(right, *, ids=None, labels=("no", "yes")) -> Scores:
    """Scores of rows whose true label is "yes", each answered right or wrong."""
    rows = [[0.2, 0.8] if is_right else [0.8, 0.2] for is_right in right]
    return written(rows, [1] * len(rows), labels=labels, ids=ids)
