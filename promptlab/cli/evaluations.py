"""Running the evaluations that ``promptlab eval`` asks for, one after the other, each stored when it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.cli import console
from promptlab.cli.edge import keeping
from promptlab.cli.loading import EMBEDDED, Machine, describe, reading_cache
from promptlab.cli.progress import EventStream, Listener, listening
from promptlab.cli.store import keep
from promptlab.errors import ConfigError
from promptlab.results.events import Done, Event, Note

if TYPE_CHECKING:
    from promptlab.jobs import Evaluation, Plan
    from promptlab.jobs.scored import Classifier
    from promptlab.model import ReadoutCache
    from promptlab.spec import RunSpec


@dataclass(frozen=True)
class Asked:
    """What the options ask for."""

    spec: "RunSpec"
    machine: Machine
    encoding: str | None = None
    demos: int | None = None
    bundle: Path | None = None
    cache: bool | None = None
    workspace: Path = Path()

    def check(self) -> None:
        """ConfigError for options that do not go together."""
        if self.machine.revision and len(self.spec.model) > 1:
            raise ConfigError("--revision goes with one model. With several, write name@revision.")
        if self.bundle is None:
            return
        replace(self.machine, dtype=self.spec.dtype).refuse_for("a bundle")
        given = {"--template": self.spec.template, "--words": self.spec.words, "--demos": self.demos}
        given["--model"] = self.spec.model != (EMBEDDED,)
        for option, value in given.items():
            if value:
                raise ConfigError(f"{option} does not go with --bundle, which has its own.")


@dataclass(frozen=True)
class Evaluated:
    """One evaluation, its name among others, and the number that it was stored under (None when it was not)."""

    name: str
    evaluation: "Evaluation"
    run: int | None

    @property
    def result(self) -> dict[str, Any]:
        """The evaluation's result and the run's number."""
        return {**self.evaluation.result, "run": self.run}


def evaluate_all(asked: Asked, stream: EventStream | None) -> list[Evaluated]:
    """Every evaluation, in order; those that were stored are named when Ctrl-C ends the rest."""
    done: list[Evaluated] = []

    def kept() -> str:
        numbers = [str(one.run) for one in done if one.run is not None]
        sentence = f"Stored before that: run {', '.join(numbers)}." if numbers else "No run was stored."
        if stream is not None:
            stream(Done("stopped", sentence))
        return sentence

    with keeping(kept):
        for one in _of_bundle(asked, stream) if asked.bundle is not None else _of_cells(asked, stream):
            done.append(one)
    return done


def _of_bundle(asked: Asked, stream: EventStream | None) -> Iterator[Evaluated]:
    """The evaluation of a bundle on the task's rows."""
    from promptlab.jobs.plan import plan_rows

    assert asked.bundle is not None
    plan = plan_rows(asked.spec, encoding=asked.encoding, offline=asked.machine.offline)
    _say_notes(plan)
    console.say(f"Loading the bundle {asked.bundle}.")
    from promptlab.jobs.bundled import fit_labels_of
    from promptlab.pipeline import load

    classifier = fit_labels_of(load(asked.bundle, **asked.machine.place()), plan.task.labels)
    describe(classifier.lm)
    cache = reading_cache(asked.cache, len(plan.rows))
    yield from _evaluate(asked, plan, [(str(asked.bundle), classifier)], cache=cache, stream=stream)


def _of_cells(asked: Asked, stream: EventStream | None) -> Iterator[Evaluated]:
    """The evaluations of every template and words with every model."""
    from promptlab.jobs import build_pipelines, make_plan
    from promptlab.jobs.plan import choose_demonstrations
    from promptlab.template import Demonstrations

    plan = make_plan(asked.spec, encoding=asked.encoding, offline=asked.machine.offline)
    shown = () if asked.demos is None else choose_demonstrations(plan, asked.demos, seed=asked.spec.seed)
    _say_notes(plan)
    if not shown and any(Demonstrations() in template.parts for template, _ in plan.cells):
        console.say("{demos} stays empty: --demos N writes N solved examples a label there.")
    machine = replace(asked.machine, dtype=asked.spec.dtype)
    cache = None
    for place, reference in enumerate(asked.spec.model):
        lm = machine.load(reference)
        cache = cache if place else reading_cache(asked.cache, len(plan.rows))
        named = f"{reference} | " if len(asked.spec.model) > 1 else ""
        built = build_pipelines(plan, lm, shown)
        for note in built.notes:
            console.say(note)
        pipelines = [(named + name, pipeline) for name, pipeline in built.pipelines]
        yield from _evaluate(asked, plan, pipelines, cache=cache, stream=stream)


def _evaluate(
    asked: Asked,
    plan: "Plan",
    classifiers: "Sequence[tuple[str, Classifier]]",
    *,
    cache: "ReadoutCache | None",
    stream: EventStream | None,
) -> Iterator[Evaluated]:
    """Evaluate the classifiers one after the other and store each run."""
    from promptlab.jobs import Rows, choose_support, evaluate, finish
    from promptlab.jobs.record import as_run

    rows = Rows(plan.rows, plan.task.name, plan.split, plan.task.fingerprint)
    kind = asked.spec.calibrate
    support = None
    if kind is not None:
        support = choose_support(kind, plan.task, plan.split, seed=asked.spec.seed)
    said: set[str] = set()
    is_kept = True
    for place, (name, classifier) in enumerate(classifiers, 1):
        title = f"{place} of {len(classifiers)}: {name}" if len(classifiers) > 1 else "Reading"
        with listening(title, stream=stream) as listen:
            evaluation = finish(evaluate(classifier, rows, support=support, cache=cache), _once(listen, said))
        number = None
        if is_kept:  # a store that failed once is not tried again
            run = as_run(evaluation, plan, asked.spec, encoding=asked.encoding, bundle=asked.bundle)
            number = keep(asked.workspace, run)
            is_kept = number is not None
        yield Evaluated(name, evaluation, number)
    if cache is not None and cache.note:
        console.warn(cache.note)


def _once(listen: Listener, said: set[str]) -> Listener:
    """The listener without the notes that another evaluation brought already."""

    def hear(event: Event) -> None:
        if isinstance(event, Note):
            if event.text in said:
                return
            said.add(event.text)
        listen(event)

    return hear


def _say_notes(plan: "Plan") -> None:
    for note in plan.notes:
        console.say(note)
