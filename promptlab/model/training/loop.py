"""The training loop: a generator of progress that can be closed, and killed, at any step."""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from promptlab.errors import ModelError
from promptlab.model.training.checkpoints import Checkpoints, Standing
from promptlab.model.training.packing import Supply
from promptlab.model.training.schedule import Budget, Decay, rate_factor
from promptlab.model.training.trainer import Trainer
from promptlab.model.training.validation import Validation
from promptlab.model.training.watch import Smoothed
from promptlab.results.events import Progress

# Looks at the first held-out rows during a run, and the fewest steps between two: a look may take as long as a step.
_LOOKS, _STEPS_A_LOOK = 10, 4


@dataclass(frozen=True, slots=True)
class Course:
    """How a run goes: its budget, the highest learning rate and how it rises and falls, seconds between checkpoints."""

    budget: Budget
    rate: float
    decay: Decay
    warmup: float
    seconds_between: float

    def fraction(self, standing: Standing) -> float:
        """How much of the budget is spent."""
        return self.budget.fraction(standing.step, standing.elapsed)

    def rate_at(self, standing: Standing) -> float:
        """The learning rate of the next step, taken at its middle where steps are counted."""
        middle = 0.5 / self.budget.steps if self.budget.steps else 0.0
        return self.rate * rate_factor(self.fraction(standing) + middle, decay=self.decay, warmup=self.warmup)


def train(
    trainer: Trainer,
    supply: Supply,
    course: Course,
    *,
    validation: Validation,
    checkpoints: Checkpoints,
    standing: Standing,
) -> Generator[tuple[Standing, Progress]]:
    """Train until the budget is spent; after each step, where the run stands and its progress.

    Closing the generator leaves a checkpoint of the last step. Raises ModelError for a loss that is not finite or
    rises, with the last good checkpoint kept, and StoreError when a checkpoint cannot be written.
    """
    began, saved = time.monotonic() - standing.elapsed, time.monotonic()
    pieces_before, elapsed_before = standing.pieces, standing.elapsed
    for after, windows in supply.batches(standing.position):
        if course.fraction(standing) >= 1:
            return
        draw = (supply.seed, 3, standing.position.pass_, standing.position.batch)
        loss = trainer.step(windows, rate=course.rate_at(standing), draw=draw)
        standing = replace(
            standing,
            step=standing.step + 1,
            pieces=standing.pieces + sum(len(window.ids) for window in windows),
            position=after,
            smoothed=_watched(standing.smoothed, loss, course.rate, checkpoints),
        )
        metrics = {"loss": standing.smoothed.now}
        if _is_due(course, standing, time.monotonic() - began):
            metrics["validation_loss"] = validation.loss(trainer, quick=True)
            standing = replace(standing, lowest=min(standing.lowest, metrics["validation_loss"]))
        standing = replace(standing, elapsed=time.monotonic() - began)
        metrics["pieces_per_second"] = (standing.pieces - pieces_before) / max(standing.elapsed - elapsed_before, 1e-9)
        metrics["seconds_left"] = course.budget.seconds_left(standing.step, standing.elapsed)
        try:
            yield standing, Progress(standing.step, course.budget.total_steps(standing.step, standing.elapsed), metrics)
        except GeneratorExit:
            if standing.smoothed.is_calm:
                checkpoints.save(trainer, standing)
            raise
        if time.monotonic() - saved >= course.seconds_between and standing.smoothed.is_calm:
            checkpoints.save(trainer, standing)
            saved = time.monotonic()


def _watched(smoothed: Smoothed, loss: float, rate: float, checkpoints: Checkpoints) -> Smoothed:
    try:
        return smoothed.followed_by(loss, rate=rate)
    except ModelError as error:
        raise ModelError(f"{error} {checkpoints.kept()}") from None


def _is_due(course: Course, standing: Standing, elapsed: float) -> bool:
    """Whether the step just done passed a tenth of the budget, or more of a few steps (and was not the last)."""
    steps = course.budget.steps
    looks = _LOOKS if steps is None else min(_LOOKS, steps // _STEPS_A_LOOK)
    last = replace(standing, step=standing.step - 1)
    before, now = course.fraction(last), course.budget.fraction(standing.step, elapsed)
    return int(before * looks) < int(now * looks) < looks
