"""A bundle's classifier under the labels of other data: names are compared case-folded."""

from collections.abc import Sequence
from dataclasses import replace

from promptlab.errors import ConfigError
from promptlab.jobs.scored import Classifier
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.scoring.labels import with_labels
from promptlab.text import fold, listed, nearest, shorten


def fit_labels_of(classifier: Classifier, labels: Sequence[str]) -> Classifier:
    """The classifier with its labels named as the data name them; the data may lack some of them.

    Raises ConfigError for a label of the data that the classifier does not give.
    """
    known = {fold(label): label for label in classifier.labels}
    for label in labels:
        if fold(label) not in known:
            gives = listed(shorten(each, 30) for each in classifier.labels)
            raise ConfigError(
                f"The data have the label {shorten(label, 40)!r}, and the bundle gives {gives}."
                f"{nearest(label, classifier.labels)} Rename labels with --labels."
            )
    names = {known[fold(label)]: label for label in labels}
    if isinstance(classifier, Pipeline):
        return _renamed(classifier, names)
    return Ensemble(
        tuple(_renamed(member, names) for member in classifier.members), classifier.weights, about=classifier.about
    )


def _renamed(pipeline: Pipeline, names: dict[str, str]) -> Pipeline:
    """The pipeline with other names of labels, in the order that they have; a calibration keeps its order too."""
    if all(old == new for old, new in names.items()):
        return pipeline
    shown = tuple(replace(row, label=names.get(row.label or "", row.label)) for row in pipeline.demonstrations)
    return replace(pipeline, verbalizer=with_labels(pipeline.verbalizer, names), demonstrations=shown)
