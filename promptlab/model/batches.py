"""Rows through the model in batches: longest first, bounded by pieces, halved when memory runs out."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from promptlab.errors import MemoryFull, ModelError
from promptlab.model.answers import Answers
from promptlab.model.language_model import LanguageModel, Row

# What torch says in a plain RuntimeError when memory ran out: on Apple's GPU, on Linux, on Windows.
_MEMORY_SIGNS = ("MPS backend out of memory", "DefaultCPUAllocator", "not enough memory")


def run_rows(
    lm: LanguageModel,
    rows: Sequence[Row],
    *,
    soft: Tensor | None = None,
    depths: Sequence[int] = (),
    top: bool = True,
) -> Iterator[tuple[list[int], Answers]]:
    """Batches of rows through the model: their places and what it says at their slots, on the CPU.

    When memory runs out, ``lm.token_budget`` is halved and the same rows are tried again; MemoryFull when a single row
    does not fit.
    """
    waiting = _by_length(rows)
    while waiting:
        places = _next_batch(rows, waiting, lm.token_budget)
        answers = _try_batch(lm, [rows[place] for place in places], soft, depths, top=top)
        if answers is None:
            if len(places) == 1:
                raise MemoryFull(
                    f"One row of {len(rows[places[0]])} pieces does not fit into the memory of {lm.device}. "
                    "Use a smaller model or --dtype bfloat16."
                )
            lm.token_budget = len(rows[places[0]]) * (len(places) // 2)
            continue
        if not answers.is_finite():
            raise ModelError(
                f"{lm.name!r} gives numbers that are not finite in {lm.dtype}. Use --dtype float32 or --dtype bfloat16."
            )
        waiting = waiting[len(places) :]
        yield places, answers


def plan_batches(rows: Sequence[Row], budget: int) -> Iterator[list[int]]:
    """The places of the rows of each batch, as long as memory does not run out."""
    waiting = _by_length(rows)
    while waiting:
        places = _next_batch(rows, waiting, budget)
        waiting = waiting[len(places) :]
        yield places


def _by_length(rows: Sequence[Row]) -> list[int]:
    return sorted(range(len(rows)), key=lambda place: len(rows[place]), reverse=True)


def _next_batch(rows: Sequence[Row], waiting: Sequence[int], budget: int) -> list[int]:
    """The next places whose rows, padded to the longest, stay within the budget (one row always does)."""
    longest = len(rows[waiting[0]])
    return list(waiting[: max(1, budget // max(longest, 1))])


def _try_batch(
    lm: LanguageModel, rows: Sequence[Row], soft: Tensor | None, depths: Sequence[int], *, top: bool
) -> Answers | None:
    """What the model says, on the CPU; None when memory ran out (what was held is freed by then)."""
    try:
        with torch.no_grad():
            answers: Answers = lm(lm.batch(rows), soft, depths=depths, top=top)
        return answers.cpu()
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
    if lm.device.type == "cuda":
        torch.cuda.empty_cache()
    return None


def is_memory_error(error: Exception) -> bool:
    """Whether torch says that memory ran out."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _MEMORY_SIGNS)
