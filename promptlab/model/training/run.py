"""A whole run: text into pieces, what it will take, training, and the finished folder; adapt and pretrain share it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from promptlab.errors import ConfigError
from promptlab.model import hardware
from promptlab.model.language_model import LanguageModel
from promptlab.model.new_folder import one_at_a_time
from promptlab.model.training.checkpoints import Checkpoints, Standing
from promptlab.model.training.corpus import Division, check_enough, hold_out, read_corpus
from promptlab.model.training.documents import OpenTexts
from promptlab.model.training.loop import Course, train
from promptlab.model.training.objectives import Objective, objective_of
from promptlab.model.training.outcome import round_weights, write_model
from promptlab.model.training.packing import Supply
from promptlab.model.training.requirements import requirements_of
from promptlab.model.training.settings import Settings
from promptlab.model.training.trainer import Trainer
from promptlab.model.training.validation import Validation, perplexity
from promptlab.results.events import Done, Event, Note
from promptlab.text import counted

# How much worse than its best (nats, on the first held-out rows) a model may end before that is said.
_OVERFIT = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how a run computes. ``dtype`` None: bfloat16 under autocast where the hardware has it, else float32."""

    device: str = "auto"
    threads: int | None = None
    dtype: str | None = None
    offline: bool = False

    def precision(self) -> torch.dtype:
        """What passes are computed in; ConfigError for float16, whose gradients vanish."""
        chosen = hardware.choose_dtype(self.dtype, hardware.choose_device(self.device))
        if chosen == torch.float16:
            raise ConfigError("--dtype float16 does not train: its small gradients vanish. Use bfloat16 or float32.")
        return chosen


@dataclass(frozen=True)
class Run:
    """A model that is ready to train (what requires grad is trained), and all that decides how.

    ``rate`` is the highest learning rate, ``merge`` is called at the end, ``stored`` is the outcome's precision,
    ``about`` goes into the result.
    """

    lm: LanguageModel
    texts: OpenTexts
    checkpoints: Checkpoints
    settings: Settings
    sequence: int
    rate: float
    computed: torch.dtype
    stored: torch.dtype
    merge: Callable[[], None]
    about: Mapping[str, Any]

    def events(self) -> Iterator[Event]:
        """Train and write the model: notes, progress, and in the end what became of it."""
        objective = objective_of(self.lm, share=self.settings.mask_share)
        self._check_sequence(objective)
        trainer = Trainer(self.lm, objective, self.computed, self.settings.batch_pieces, self.settings.dropout)
        needed = requirements_of(
            self.lm,
            pass_pieces=self.settings.batch_pieces,
            targets=self.settings.mask_share if self.lm.family == "masked" else 1.0,
            computed=self.computed,
            stored=self.stored,
        )
        yield Note("info", needed.check(self.lm.device, self.checkpoints.out, written=self.checkpoints.written()))
        yield Note("info", "Reading the text (100 MB take a minute or two).")
        corpus = read_corpus(self.texts, self.lm.tokens, words=self.lm.family == "masked")
        check_enough(corpus, sequence=self.sequence)
        divided = hold_out(corpus, share=self.settings.held_out, seed=self.settings.seed)
        yield Note("info", _said(divided))
        yield from self._train(trainer, divided)

    def _train(self, trainer: Trainer, divided: Division) -> Iterator[Event]:
        supply = self._supply(trainer.objective, divided)
        validation = Validation.of(supply.windows(divided.held_out), objective_of(self.lm), seed=self.settings.seed)
        if self.checkpoints.newest() is None:
            yield Note("info", "Measuring the validation loss before training.")
        standing, said = self._start(trainer, validation)
        yield Note("info", said)
        course = Course(
            self.settings.budget(),
            self.rate,
            self.settings.decay,
            self.settings.warmup,
            60 * self.settings.checkpoint_minutes,
        )
        steps = train(trainer, supply, course, validation=validation, checkpoints=self.checkpoints, standing=standing)
        with closing(steps):
            for reached, progress in steps:
                standing = reached
                yield progress
        self.checkpoints.save(trainer, standing)
        yield from self._finish(trainer, validation, standing, divided)

    def _start(self, trainer: Trainer, validation: Validation) -> tuple[Standing, str]:
        """Where the run stands, from its checkpoint or at the beginning, and a sentence about that."""
        newest = self.checkpoints.newest()
        if newest is not None:
            standing = self.checkpoints.restore(trainer, newest)
            return standing, f"Going on after step {standing.step:,}."
        before = validation.loss(trainer)
        standing = Standing(before, lowest=validation.loss(trainer, quick=True))
        return standing, f"Validation loss before: {before:.3f} (perplexity {perplexity(before):.1f})."

    def _supply(self, objective: Objective, divided: Division) -> Supply:
        return Supply(
            divided.corpus,
            divided.training,
            length=self.sequence - objective.frame,
            separator=objective.separator,
            packed=self.settings.packed,
            budget=self.settings.batch_pieces,
            seed=self.settings.seed,
        )

    def _finish(
        self, trainer: Trainer, validation: Validation, standing: Standing, divided: Division
    ) -> Iterator[Event]:
        """The weights as they will be stored, their validation loss, and the folder."""
        yield Note("info", "Measuring the validation loss after training.")
        self.merge()
        stored = round_weights(self.lm, self.stored)
        quick = validation.loss(trainer, quick=True)
        if quick > standing.lowest + _OVERFIT:
            yield Note(
                "warning",
                f"The validation loss was lower during the run ({standing.lowest:.3f} on its first rows, {quick:.3f} "
                "at the end): the model learns the text by heart. Use fewer --steps or --minutes, or add --dropout.",
            )
        losses = _losses(standing.before, validation.loss(trainer))
        result = {**self._result(trainer.objective, standing, divided), **losses, "stored": _name(stored)}
        size = write_model(self.lm, self.checkpoints, stored, result)
        yield Done("finished", f"Wrote {self.checkpoints.out}.", {**result, "bytes": size})

    def _result(self, objective: Objective, standing: Standing, divided: Division) -> dict[str, Any]:
        """What was trained, on what and how, in JSON's types."""
        return {
            **self.about,
            "out": str(self.checkpoints.out),
            "family": self.lm.family,
            "type": self.lm.model_type,
            "objective": objective.name,
            "quantization": self.lm.quantization,
            "parameters": sum(value.numel() for value in self.lm.model.parameters()),
            "documents": len(divided.corpus),
            "held_out": len(divided.held_out),
            "pieces_of_text": len(divided.corpus.ids),
            "sequence": self.sequence,
            "packing": "packed" if self.settings.packed else "document starts",
            "steps": standing.step,
            "pieces": standing.pieces,
            "passes": round(standing.pieces / max(divided.training_pieces, 1), 3),
            "seconds": round(standing.elapsed, 1),
            "learning_rate": self.rate,
            "decay": self.settings.decay,
            "seed": self.settings.seed,
            "dtype": _name(self.computed),
            "device": str(self.lm.device),
        }

    def _check_sequence(self, objective: Objective) -> None:
        if self.sequence > self.lm.max_length:
            raise ConfigError(f"--sequence {self.sequence}: this model reads at most {self.lm.max_length} pieces.")
        if self.sequence - objective.frame < 8:
            raise ConfigError(f"--sequence {self.sequence} leaves no room for text: at least 16 are needed.")


@contextmanager
def begun(
    checkpoints: Checkpoints, identity: Mapping[str, Any], settings: Settings, rate: float, *, resume: bool
) -> Iterator[tuple[float, list[Note]]]:
    """Hold the lock on OUT and note in OUT.partial what the run is; ConfigError when another process has it.

    Yields the highest learning rate (as given, the stopped run's, or ``rate``) and what is to be said of it.
    """

    def refuse() -> None:
        raise ConfigError(f"Another process is making {str(checkpoints.out)!r}. Wait for it, or name another --out.")

    with one_at_a_time(checkpoints.out, refuse):
        before = checkpoints.learning_rate()
        chosen = settings.learning_rate or before or rate
        checkpoints.begin({**identity, **settings.identity(), "learning_rate": chosen}, resume=resume)
        notes = []
        if before is not None and before != chosen:
            notes.append(Note("warning", f"The learning rate is {chosen:g} from here on, and was {before:g}."))
        if resume and before is None:
            notes.append(Note("info", f"{str(checkpoints.folder)!r} has no checkpoint: this run starts anew."))
        yield chosen, notes


def _losses(before: float, after: float) -> dict[str, float]:
    return {
        "validation_loss_before": round(before, 4),
        "validation_loss": round(after, 4),
        "perplexity_before": round(perplexity(before), 2),
        "perplexity": round(perplexity(after), 2),
    }


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _said(divided: Division) -> str:
    corpus = divided.corpus
    return (
        f"{counted(len(corpus), 'document')}, {counted(len(corpus.ids), 'piece')}; {len(divided.held_out):,} documents "
        "are held out for validation."
    )
