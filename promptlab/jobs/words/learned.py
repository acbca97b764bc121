"""What learning leaves: each seed's classifier with its figures beside the words alone, and all seeds together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import mean, stdev
from typing import Any

from promptlab.jobs.evaluation import Evaluation
from promptlab.jobs.record import METRICS
from promptlab.jobs.words.methods import Method
from promptlab.jobs.words.shots import Shots
from promptlab.pipeline import Pipeline
from promptlab.results import Comparison, compare
from promptlab.scoring.learned.choose import Choice


@dataclass(frozen=True, eq=False)
class Learned:
    """One seed's classifier, its evaluation on the unseen rows and that of the words alone (None where these would
    have to be read whole), how it was chosen where something was, and the seconds that each stage took."""

    seed: int
    shots: Shots
    pipeline: Pipeline
    choice: Choice | None
    evaluation: Evaluation
    words: Evaluation | None
    seconds: Mapping[str, float]

    @property
    def words_are_calibrated(self) -> bool:
        """Whether the words that stand beside are batch-calibrated."""
        return self.words is not None and self.words.scores is not self.words.raw

    @property
    def words_name(self) -> str:
        """What to call the words in a sentence: batch-calibrated, or alone where there were too few texts for that."""
        return f"the verbalizer of {'batch-calibrated words' if self.words_are_calibrated else 'words alone'}"

    @property
    def comparison(self) -> Comparison | None:
        """Against the words, on the same rows."""
        if self.words is None:
            return None
        return compare(self.words.scores, self.evaluation.scores, names=(self.words_name, "what was learnt"))

    def to_json(self) -> dict[str, Any]:
        """Everything in JSON's types."""
        against, words, choice = self.comparison, self.words, self.choice
        return {
            **self.evaluation.result,
            "seed": self.seed,
            "chosen_on": self.shots.chosen,
            "words_alone": words and {"raw": words.raw.figures(), **words.scores.figures()},
            "comparison": against and against.to_json(),
            "chosen": choice and choice.chosen.name,
            "reason": choice and choice.reason,
            "tried": [one.to_json() for one in choice.tried] if choice else [],
            "seconds": dict(self.seconds),
        }


@dataclass(frozen=True, eq=False)
class LearnedBySeeds:
    """The same method on several draws of shots; what is saved is the first."""

    method: Method
    runs: tuple[Learned, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> Learned:
        """The run of the first seed."""
        return self.runs[0]

    @property
    def accuracies(self) -> list[float]:
        """One a seed."""
        return [run.evaluation.scores.accuracy for run in self.runs]

    @property
    def words_accuracies(self) -> list[float]:
        """Those of the words alone; none where they were not read."""
        return [run.words.scores.accuracy for run in self.runs if run.words is not None]

    def to_json(self) -> dict[str, Any]:
        """The first seed's result, every seed's under ``seeds``, mean and standard deviation of the accuracy."""
        return {
            **self.first.to_json(),
            **self.about,
            "method": self.method,
            "seeds": [run.to_json() for run in self.runs],
            "over_seeds": {"accuracy": _spread(self.accuracies), "words_alone": _spread(self.words_accuracies)},
        }

    def bundle_about(self) -> dict[str, Any]:
        """What a bundle of the first seed's classifier says of itself: data, figures, method."""
        run, result = self.first, self.first.evaluation.result
        data = {"task": result["task"], "split": result["split"], "fingerprint": self.about["fingerprint"]}
        method: dict[str, Any] = {"name": self.method, "shots": run.shots.chosen}
        if run.choice is not None:
            method |= {"chosen": run.choice.chosen.name, "tried": len(run.choice.tried), "reason": run.choice.reason}
        metrics = {key: result[key] for key in METRICS}
        return {"data": data, "metrics": metrics, "method": method, "seeds": [run.seed]}


def spread(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation (0 of one value)."""
    return mean(values), stdev(values) if len(values) > 1 else 0.0


def _spread(values: list[float]) -> dict[str, float] | None:
    return dict(zip(("mean", "sd"), spread(values), strict=True)) if values else None
