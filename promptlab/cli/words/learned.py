"""How what was learnt reads: the figures beside the words alone, what was tried and chosen, each seed, the seconds."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from promptlab.cli import console
from promptlab.cli.figures import fact_lines
from promptlab.cli.tables import Column, number, table_lines, text
from promptlab.cli.words.scored import figure_lines, heading
from promptlab.results import wording
from promptlab.text import counted

if TYPE_CHECKING:
    from promptlab.jobs.words.learned import Learned, LearnedBySeeds
    from promptlab.results import Scores
    from promptlab.scoring import Verbalizer
    from promptlab.scoring.learned.choose import Choice, Tried

# Candidates that are shown, the lowest log-loss first; the one chosen is shown wherever it is.
_MOST_TRIED = 8


def show_learned(found: "LearnedBySeeds") -> None:
    """Print everything; of several seeds the first whole, and a line for each."""
    run, width = found.first, console.width()
    console.say("")
    console.show_lines(fact_lines([*heading(found.about, run.evaluation.scores), *_facts(found)], width=width))
    if run.choice is not None:
        console.show()
        console.show_lines(_tried_lines(run.choice, width=width))
        console.show(f"Chosen: {run.choice.reason}")
    console.show()
    console.show_lines(figure_lines(_scores(run, found.method), width=width))
    if run.comparison is not None:
        console.show(f"{run.comparison.sentence}.")
    if len(found.runs) > 1:
        console.show()
        console.show_lines(_seed_lines(found, width=width))
        console.show(_over_seeds(found))
    console.show()
    console.show(", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in run.seconds.items()).capitalize() + ".")


def _facts(found: "LearnedBySeeds") -> Iterator[tuple[str, str]]:
    yield "Learnt", f"{found.method}, on {found.first.shots.chosen}"
    verbalizer = found.first.pipeline.verbalizer
    spared = "" if "top" in verbalizer.depths else "; the layers above are not needed"
    yield "Verbalizer", f"{verbalizer.kind} {wording.depths(verbalizer.depths)}{spared}"
    if parts := _parts(verbalizer):
        yield "Parts", parts


def _parts(verbalizer: "Verbalizer") -> str:
    """The members of a mixture and how much each counts, the weightiest first; nothing of another verbalizer."""
    from promptlab.scoring import MixedVerbalizer

    if not isinstance(verbalizer, MixedVerbalizer):
        return ""
    parts = sorted(zip(verbalizer.weights, verbalizer.members, strict=True), key=lambda part: -part[0])
    return ", ".join(
        f"{one.kind} {wording.depths(one.depths)} {wording.figure(weight / sum(verbalizer.weights))}"
        for weight, one in parts
    )


def _scores(run: "Learned", method: str) -> dict[str, "Scores"]:
    """The words as they are and calibrated, and what was learnt."""
    shown: dict[str, Scores] = {}
    if run.words is not None:
        shown["words alone"] = run.words.raw
        shown[_words_column(run)] = run.words.scores
    if run.evaluation.scores is not run.evaluation.raw:
        shown[method] = run.evaluation.raw
        return {**shown, f"{method}, batch": run.evaluation.scores}
    return {**shown, method: run.evaluation.scores}


def _words_column(run: "Learned") -> str:
    """How a table calls the words that the comparison is with."""
    return "words, batch" if run.words_are_calibrated else "words alone"


def _tried_lines(choice: "Choice", *, width: int) -> list[str]:
    """The best candidates, and the one that was chosen."""
    shown = list(choice.tried[:_MOST_TRIED])
    if choice.chosen not in shown:
        shown.append(choice.chosen)
    columns = (text("candidate"), text("depths"), *map(number, ("log-loss", "accuracy")), Column(""))
    lines = table_lines(columns, map(_tried_row, shown), width=width)
    more = len(choice.tried) - len(shown)
    return [*lines, *([f"and {counted(more, 'candidate')} more; figures on shots left out"] if more else [])]


def _tried_row(one: "Tried") -> Sequence[str]:
    depths = ",".join(map(str, one.depths))
    figures = (wording.figure(one.log_loss), wording.figure(one.accuracy))
    return (one.name, depths, *figures, "chosen" if one.chosen else "")


def _seed_lines(found: "LearnedBySeeds", *, width: int) -> list[str]:
    columns = (number("seed"), number(found.method), number(_words_column(found.first)), text("chosen"))
    return table_lines(columns, map(_seed_row, found.runs), width=width)


def _seed_row(run: "Learned") -> Sequence[str]:
    words = "" if run.words is None else wording.figure(run.words.scores.accuracy)
    chosen = "" if run.choice is None else run.choice.chosen.name
    return (str(run.seed), wording.figure(run.evaluation.scores.accuracy), words, chosen)


def _over_seeds(found: "LearnedBySeeds") -> str:
    from promptlab.jobs.words.learned import spread

    mean, deviation = map(wording.figure, spread(found.accuracies))
    words = (
        f"; {found.first.words_name} {wording.figure(spread(found.words_accuracies)[0])}"
        if found.words_accuracies
        else ""
    )
    return f"Mean accuracy {mean} (sd {deviation}) over {len(found.runs)} seeds{words}."
