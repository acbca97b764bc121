"""Intervals and tests for accuracies: Wilson, McNemar, paired bootstrap, Holm, and how many rows a difference needs.

scipy.stats takes half a second to import, so that each function does it itself: listing runs need not wait.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
MOST_ROWS = 10_000_000


def wilson(correct: int, n: int, level: float = 0.95) -> Interval:
    """The Wilson score interval of a proportion (Wilson 1927), without continuity correction."""
    assert 0 <= correct <= n and n > 0
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (correct + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(correct * (n - correct) / n + z * z / 4)
    return 0.0 if correct == 0 else centre - half, 1.0 if correct == n else centre + half


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided p of the exact McNemar test: b rows right in the first alone, c in the second alone; 1 without any."""
    from scipy import stats

    return float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0


def fewest_disagreements(alpha: float = 0.05) -> int:
    """How many disagreements, all one way, the exact McNemar test needs for p <= alpha: 2 x 0.5^k <= alpha."""
    return math.ceil(math.log2(2 / alpha))


def paired_bootstrap(
    a_correct: NDArray[np.bool_], b_correct: NDArray[np.bool_], *, seed: int, draws: int = 2000, level: float = 0.95
) -> Interval:
    """Percentile interval of accuracy(b) - accuracy(a) over rows drawn again with replacement, in pairs.

    ``a_correct`` and ``b_correct`` are (N,), row for row. A draw of N rows enters only by how many of them are right in
    one alone, so that the draws come from the multinomial distribution of those counts: the same bootstrap, N times
    cheaper.
    """
    n = len(a_correct)
    assert n == len(b_correct) > 0
    b = int(np.count_nonzero(a_correct & ~b_correct))
    c = int(np.count_nonzero(b_correct & ~a_correct))
    counts = np.random.default_rng(seed).multinomial(n, [b / n, c / n, (n - b - c) / n], size=draws)  # (draws, 3)
    differences = (counts[:, 1] - counts[:, 0]) / n
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def holm(pvalues: Sequence[float]) -> list[float]:
    """p-values adjusted for having been looked at together (Holm 1979), in the order given."""
    adjusted = [1.0] * len(pvalues)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        largest = max(largest, min(1.0, (len(pvalues) - rank) * pvalues[index]))
        adjusted[index] = largest
    return adjusted


def rows_needed(b: int, c: int, n: int, *, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """How many more labelled rows the exact McNemar test needs to tell, if disagreements go on as in the n seen.

    The fewest rows, to half a percent, at which it tells with probability ``power`` when a row goes the one way with
    probability b/n and the other with c/n. 0 when the rows seen tell already, None when as many went one way as the
    other or nearly so (more than ``MOST_ROWS`` would be needed).
    """
    if mcnemar_exact(b, c) <= alpha:
        return 0
    if b == c:
        return None
    too_few, enough = n, 2 * n
    while _power(enough, b, c, n, alpha) < power:
        too_few, enough = enough, 2 * enough
        if too_few > MOST_ROWS:
            return None
    while enough - too_few > max(1, enough // 200):
        middle = (too_few + enough) // 2
        if _power(middle, b, c, n, alpha) < power:
            too_few = middle
        else:
            enough = middle
    return enough - n


def _power(rows: int, b: int, c: int, n: int, alpha: float) -> float:
    """How likely the exact test is to tell on so many rows: over the number of disagreements d and their split.

    The unconditional power of Duffy (1984, Biometrics 40:1005).
    """
    from scipy import stats

    disagreeing, one_way = (b + c) / n, c / (b + c)
    fewest, most = stats.binom.ppf([1e-9, 1 - 1e-9], rows, disagreeing)
    d = np.arange(fewest, most + 1)
    least = stats.binom.ppf(alpha / 2, d, 0.5)
    least -= stats.binom.cdf(least, d, 0.5) > alpha / 2  # the largest split that is still told, -1 for none
    told = stats.binom.cdf(least, d, one_way) + stats.binom.sf(d - least - 1, d, one_way)
    return float((stats.binom.pmf(d, rows, disagreeing) * told).sum())
