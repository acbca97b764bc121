"""A stored run: made from an evaluation, and turned into its classifier again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab.errors import BundleError, ConfigError, DataError, ModelError
from promptlab.jobs.bundled import fit_labels_of
from promptlab.jobs.evaluation import Evaluation
from promptlab.jobs.plan import DEFAULT_TASK, Plan, cell_name, open_task
from promptlab.jobs.scored import Classifier
from promptlab.model import LanguageModel, load_model
from promptlab.pipeline import Pipeline, load, save
from promptlab.results import Run
from promptlab.spec import RunSpec
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import counted
from promptlab.verbalizer import from_table, to_table

# The figures that a bundle says of its classifier.
METRICS = ("accuracy", "interval", "n", "majority", "balanced_accuracy", "macro_f1", "mcc", "ece", "brier")


def as_run(
    evaluation: Evaluation, plan: Plan, spec: RunSpec, *, encoding: str | None = None, bundle: Path | None = None
) -> Run:
    """The run that the store keeps of an evaluation: enough to read its rows and build its classifier again.

    ``Run.spec`` holds ``options`` (the spec, its task as an absolute path), ``encoding``, ``model`` (name, revision,
    fingerprint, quantization, dtype, max_length), and either ``template``, ``verbalizer`` (the words with their
    calibration) and ``demonstrations`` (ids of train rows), or ``bundle`` (folder and hash) for a classifier that only
    a bundle holds.
    """
    classifier = evaluation.classifier
    asked = spec.override(task=_absolute(spec.task or DEFAULT_TASK), split=plan.split)
    kept = {
        "options": asked.to_table(),
        "encoding": encoding,
        "model": _model(classifier.lm),
        **_parts(classifier, bundle),
    }
    resolved = {key: value for key, value in kept.items() if key != "options"} | {"data": plan.task.fingerprint}
    return Run(
        name=_name(classifier, bundle),
        command="eval",
        spec=kept,
        spec_hash=asked.hash(resolved=resolved),
        result=evaluation.result,
        task=spec.task or DEFAULT_TASK,
        fingerprint=plan.task.fingerprint,
        scores=evaluation.scores,
    )


def spec_of(run: Run) -> RunSpec:
    """The options that a run was evaluated with; ConfigError when the run does not say."""
    return RunSpec.from_table(_kept(run, "options"), where=f"run {run.id}")


def classifier_of(run: Run, **loading: Any) -> Classifier:
    """The classifier of a stored run, its calibration included; ``loading`` is what ``load_model`` takes.

    Raises ModelError when the model is another now, BundleError or DataError when the bundle or the train rows of its
    demonstrations are.
    """
    named = _kept(run, "model")
    if "bundle" in run.spec:
        return _from_bundle(run, dtype=named["dtype"], **loading)
    lm = load_model(
        named["name"], revision=named["revision"], dtype=named["dtype"], max_length=named["max_length"], **loading
    )
    if lm.state_key() != named["fingerprint"]:
        raise ModelError(f"The model {lm.name!r} is not the one of run {run.id}: its files differ. Evaluate again.")
    template = Template.parse(
        run.spec["template"]["text"], truncate=run.spec["template"]["truncate"], name=run.spec["template"]["name"]
    )
    words = replace(from_table(run.spec["verbalizer"], where=f"run {run.id}"), name=run.result.get("words_name", ""))
    return Pipeline.of(lm, template, words, demonstrations=_demonstrations(run))


def save_run(run: Run, folder: Path, **loading: Any) -> Path:
    """The classifier of a run as a bundle, with what the run measured."""
    return save(classifier_of(run, **loading), folder, about=about(run))


def about(run: Run) -> dict[str, Any]:
    """What a bundle says about the run that it was made from."""
    data = {"task": run.result["task"], "split": run.result["split"], "fingerprint": run.fingerprint}
    metrics = {key: run.result[key] for key in METRICS}
    return {"data": data, "metrics": metrics, "seeds": [spec_of(run).seed]}


def _kept(run: Run, key: str) -> Mapping[str, Any]:
    if not isinstance(run.spec.get(key), dict):
        raise ConfigError(f"Run {run.id} does not hold what it was made with ({key}). Evaluate again.")
    table: Mapping[str, Any] = run.spec[key]
    return table


def _absolute(task: str) -> str:
    path = Path(task).expanduser()
    return str(path.resolve()) if path.exists() else task


def _model(lm: LanguageModel) -> dict[str, Any]:
    return {
        "name": lm.name,
        "revision": lm.revision,
        "fingerprint": lm.state_key(),
        "quantization": lm.quantization,
        "dtype": lm.dtype,
        "max_length": lm.max_length,
    }


def _parts(classifier: Classifier, bundle: Path | None) -> dict[str, Any]:
    if bundle is not None:
        return {"bundle": {"folder": str(bundle.resolve()), "sha256": _hash_of(bundle)}}
    assert isinstance(classifier, Pipeline) and classifier.words is not None
    template = classifier.template
    return {
        "template": {"text": str(template), "truncate": template.truncate, "name": template.name},
        "verbalizer": to_table(classifier.words),
        "demonstrations": [shown.id for shown in classifier.demonstrations],
    }


def _name(classifier: Classifier, bundle: Path | None) -> str:
    if bundle is not None:
        return bundle.name
    assert isinstance(classifier, Pipeline) and classifier.words is not None
    return cell_name(classifier.template, classifier.words)


def _hash_of(bundle: Path) -> str:
    try:
        return hashlib.sha256((bundle / "bundle.toml").read_bytes()).hexdigest()
    except OSError as error:
        raise BundleError(f"{bundle} cannot be read: {error.strerror}.") from error


def _from_bundle(run: Run, **loading: Any) -> Classifier:
    folder = Path(run.spec["bundle"]["folder"])
    if _hash_of(folder) != run.spec["bundle"]["sha256"]:
        raise BundleError(f"{folder} is not the bundle of run {run.id} any more. Evaluate it again.")
    return fit_labels_of(load(folder, **loading), run.result["labels"])


def _demonstrations(run: Run) -> Sequence[Example]:
    """The train rows that were shown as solved examples, by their ids, in their order."""
    ids = run.spec["demonstrations"]
    if not ids:
        return ()
    task = open_task(spec_of(run), encoding=run.spec["encoding"])
    wanted = set(ids)
    found = {row.id: row for row in task.train if row.id in wanted}
    if task.fingerprint != run.fingerprint or len(found) < len(wanted):
        shown = counted(len(ids), "demonstration")
        raise DataError(f"The data of run {run.id} changed since, and its {shown} cannot be trusted. Evaluate again.")
    return [found[each] for each in ids]
