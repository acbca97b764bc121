"""What a run leaves behind as it goes, in OUT.partial: enough to go on from after a kill, to the same result."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from promptlab.errors import ConfigError, StoreError
from promptlab.model.training.packing import Position
from promptlab.model.training.trainer import Trainer
from promptlab.model.training.watch import Smoothed
from promptlab.paths import private_folder, write_whole
from promptlab.text import shorten

_RUN, _STEP = "run.json", "step-"
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands. All that is random follows from the seed and the position, so no generator is stored.

    ``elapsed`` are seconds of training, ``pieces`` the pieces trained on, ``before`` the validation loss before the
    first step and ``lowest`` the lowest of its first rows since.
    """

    before: float
    lowest: float
    step: int = 0
    elapsed: float = 0.0
    pieces: int = 0
    position: Position = field(default_factory=Position)
    smoothed: Smoothed = field(default_factory=Smoothed)

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "Standing":
        """The inverse of ``asdict``."""
        position, smoothed = Position(**table["position"]), Smoothed(**table["smoothed"])
        return cls(**{**table, "position": position, "smoothed": smoothed})


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The folder OUT.partial: what the run is (``run.json``) and its newest checkpoint (``step-...``)."""

    out: Path

    @property
    def folder(self) -> Path:
        """OUT.partial."""
        return self.out.with_name(self.out.name + ".partial")

    def newest(self) -> Path | None:
        """The newest complete checkpoint; None when there is none."""
        found = sorted(self.folder.glob(f"{_STEP}*"), key=lambda path: int(path.name.removeprefix(_STEP)))
        return found[-1] if found else None

    def written(self) -> int:
        """The bytes of the newest checkpoint."""
        newest = self.newest()
        return sum(file.stat().st_size for file in newest.iterdir()) if newest is not None else 0

    def check(self, *, resume: bool) -> None:
        """ConfigError when OUT is there already, or when what OUT.partial holds would be lost."""
        if self.out.exists() and not (self.out.is_dir() and not any(self.out.iterdir())):
            raise ConfigError(f"{str(self.out)!r} is there already. Name another --out, or delete it first.")
        if self.newest() is not None and not resume:
            raise ConfigError(
                f"{str(self.folder)!r} holds a run that was stopped. Go on with it with --resume, delete it, or name "
                "another --out."
            )
        if self.folder.exists() and self._stored() is None and any(self.folder.iterdir()):
            raise ConfigError(
                f"{str(self.folder)!r} is where a run keeps its checkpoints, and it holds something else. Name another "
                "--out."
            )

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Note what the run is; ConfigError when the one to go on with was another.

        What a run that was killed before its first checkpoint left is kept if it was the same run, else deleted.
        """
        self.check(resume=resume)
        stored = self._stored()
        if self.newest() is not None:
            _refuse_other(stored or {}, identity, self.folder)
        if resume and stored == identity:
            return
        try:
            if self.newest() is None:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                private_folder(self.folder)
            write_whole(self.folder / _RUN, json.dumps(identity, indent=1, sort_keys=True).encode())
        except OSError as error:
            raise StoreError(f"{str(self.folder)!r} cannot be written: {error.strerror}.") from error

    def kept(self) -> str:
        """What of the run is on disk, as a sentence."""
        newest = self.newest()
        if newest is None:
            return "No checkpoint was written yet; the same command starts again."
        step = int(newest.name.removeprefix(_STEP))
        return (
            f"The checkpoint of step {step:,} is kept in {str(self.folder)!r}; the same command with --resume goes on."
        )

    def save(self, trainer: Trainer, standing: Standing) -> None:
        """Write a checkpoint whole, then remove the older one. StoreError when the disk does not take it."""
        final = self.folder / f"{_STEP}{standing.step}"
        new = self.folder / f".{final.name}.new"
        older = self.newest()
        if older == final:
            return
        try:
            for left in self.folder.glob(f".{_STEP}*"):  # of a kill in the middle of a checkpoint
                shutil.rmtree(left)
            new.mkdir()
            save_file(_weights(trainer), new / "weights.safetensors")
            save_file(_moments(trainer), new / "optimizer.safetensors")
            state = {"standing": asdict(standing), "pass_pieces": trainer.pass_pieces}
            (new / "state.json").write_text(json.dumps(state), encoding="utf-8")
            for file in new.iterdir():
                with file.open("rb+") as opened:
                    os.fsync(opened.fileno())
            new.replace(final)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(new, ignore_errors=True)
            raise StoreError(
                f"Step {standing.step:,} cannot be written to {str(self.folder)!r} ({reason_of(error)}). Make room for "
                f"it. {self.kept()}"
            ) from error
        if older is not None:
            shutil.rmtree(older, ignore_errors=True)

    def restore(self, trainer: Trainer, checkpoint: Path) -> Standing:
        """Give the trainer the checkpoint's weights and moments. StoreError when it is damaged."""
        try:
            state = json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
            weights = load_file(checkpoint / "weights.safetensors")
            moments = load_file(checkpoint / "optimizer.safetensors")
            _set_weights(trainer, weights)
            _set_moments(trainer, moments)
            trainer.pass_pieces = int(state["pass_pieces"])
            return Standing.from_json(state["standing"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise StoreError(
                f"The checkpoint {str(checkpoint)!r} is damaged ({reason_of(error)}). Delete {str(self.folder)!r} and "
                "start again."
            ) from error

    def learning_rate(self) -> float | None:
        """The highest learning rate of the run that was stopped; None without one."""
        stored = self._stored() if self.newest() is not None else None
        return None if stored is None else float(stored["learning_rate"])

    def remove(self) -> None:
        """Delete the folder: the model is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stored(self) -> dict[str, Any] | None:
        try:
            return dict(json.loads((self.folder / _RUN).read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"{str(self.folder / _RUN)!r} is damaged. Delete the folder and start again.") from error


def _refuse_other(stored: Mapping[str, Any], identity: Mapping[str, Any], folder: Path) -> None:
    """ConfigError that names what differs; the learning rate may, for a run whose loss rose."""
    for key in sorted(set(stored) | set(identity)):
        was, now = stored.get(key), identity.get(key)
        if key == "learning_rate" or was == now:
            continue
        values = "" if key in ("files", "model") else f" ({shorten(str(was), 40)} then, {shorten(str(now), 40)} now)"
        name = "the text" if key == "files" else key
        raise ConfigError(
            f"The run in {str(folder)!r} had another value of {name}{values}. Give the same command as before, or "
            "start anew with another --out."
        )


def _weights(trainer: Trainer) -> dict[str, Tensor]:
    return {
        name: value.detach().cpu().contiguous()
        for name, value in trainer.lm.model.named_parameters()
        if value.requires_grad
    }


def _moments(trainer: Trainer) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, value in trainer.lm.model.named_parameters():
        state = trainer.optimizer.state.get(value)
        if state:
            found["step"] = state["step"].detach().cpu().reshape(1).clone()
            found.update({f"{key}|{name}": state[key].detach().cpu().contiguous() for key in _MOMENTS})
    return found


def _set_weights(trainer: Trainer, weights: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, value in trainer.lm.model.named_parameters():
            if value.requires_grad:
                value.copy_(weights[name])


def _set_moments(trainer: Trainer, moments: Mapping[str, Tensor]) -> None:
    for name, value in trainer.lm.model.named_parameters():
        if f"{_MOMENTS[0]}|{name}" in moments:
            step = moments["step"].reshape(()).clone()
            is_fused = trainer.optimizer.defaults["fused"]
            kept = {key: moments[f"{key}|{name}"].to(value.device) for key in _MOMENTS}
            trainer.optimizer.state[value] = {"step": step.to(value.device) if is_fused else step, **kept}


def reason_of(error: Exception) -> str:
    """Why a disk did not take or give something, in a few words."""
    return error.strerror if isinstance(error, OSError) and error.strerror else shorten(str(error), 120)
