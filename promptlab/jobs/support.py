"""The texts that a calibration is fitted on, and the fitting."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.model.whole import whole_words
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.results import Event, Progress
from promptlab.scoring import calibrate, calibrate_words, content_free, word_priors
from promptlab.scoring.calibrate import random_words
from promptlab.task import Example, Task, sample_rows
from promptlab.template import Template, check_template, resolve_templates
from promptlab.text import counted, shorten
from promptlab.verbalizer import CalibrationKind

# Texts that a calibration reads, or draws words from; KPT has 200 for its priors of words.
SUPPORT_ROWS = {"batch": 500, "domain": 500, "word": 200}
# Kinds that make the labels, or the words, equally likely over their texts: wrong where the labels are not.
EVENS_OUT = ("batch", "word")
# Fewer texts say nothing about what labels get on average.
FEWEST_TEXTS = 10


@dataclass(frozen=True)
class Support:
    """A kind of calibration and its texts, None for a sample of the evaluated rows; ``name`` says which they are.

    ``premise`` is the template without fields that ``pmi`` reads, None for the prompt's own with its fields empty.
    """

    kind: CalibrationKind
    texts: Sequence[Example] | None
    name: str
    premise: Template | None = None
    seed: int = 13


def choose_support(
    kind: CalibrationKind, task: Task, split: str, *, seed: int, premise: Template | None = None
) -> Support:
    """A kind's default texts: inputs without content, else a seeded sample of train texts, else the evaluated rows."""
    if kind == "contextual":
        return Support(kind, (), "inputs without content")
    if kind == "pmi":
        name = f"the premise {shorten(str(premise), 60)!r}" if premise else "the template with empty fields"
        return Support(kind, (), name, premise)
    of = f"of {task.name}, {task.fingerprint[:12]}"
    if len(task.train) and split != "train":
        texts = sample_rows(task.train, SUPPORT_ROWS[kind], seed=seed)
        return Support(kind, texts, f"train texts {of}", seed=seed)
    return Support(kind, None, f"evaluated texts {of}", seed=seed)


def parse_premise(text: str) -> Template:
    """The premise of a domain, such as ``The quote has a tone that is``: the slot goes to its end where it has none.

    Raises ConfigError for a field, which a premise cannot have, and TemplateError for what does not parse.
    """
    (premise,) = resolve_templates(text if "{" in text else f"{text.rstrip(' ')} {{mask}}")
    if fields := premise.fields():
        raise ConfigError(
            f"--premise has the field {fields[0]!r}, and a premise is the same for every text: write 'The quote has a "
            "tone that is', say."
        )
    check_template(premise, (), where="--premise")
    return premise


def calibratable(classifier: Pipeline | Ensemble) -> Pipeline:
    """The classifier, when a calibration can be fitted to it; ConfigError for an ensemble and without label words."""
    if isinstance(classifier, Ensemble):
        raise ConfigError(
            "A calibration is fitted to one template and its label words; calibrate an ensemble's members."
        )
    if classifier.words is None:
        raise ConfigError(
            f"A calibration is fitted to label words, and this classifier's verbalizer ({classifier.verbalizer.kind}) "
            "has none of its own: leave --calibrate out."
        )
    return classifier


@dataclass(frozen=True, eq=False)
class SupportRead:
    """What a model said about a calibration's texts: enough to fit it to other words without reading again.

    ``template`` is the one that was read, the premise for ``pmi``; ``name`` says which texts they are, and how many.
    """

    kind: CalibrationKind
    template: Template
    texts: Sequence[Example]
    readout: Readout
    name: str


def fit_calibration(
    pipeline: Pipeline, support: Support, evaluated: Sequence[Example], *, cache: ReadoutStore | None
) -> Generator[Event, None, Pipeline]:
    """The pipeline with a calibration fitted on the support texts, or on a seeded sample of the evaluated rows.

    Yields Progress over the texts. Raises ConfigError for fewer than ``FEWEST_TEXTS`` texts where the kind needs some.
    """
    read = yield from read_support(pipeline, support, evaluated, cache=cache)
    return fit_on(pipeline, read)


def read_support(
    pipeline: Pipeline, support: Support, evaluated: Sequence[Example], *, cache: ReadoutStore | None
) -> Generator[Event, None, SupportRead]:
    """The support texts read with the pipeline's template, and its words that are read whole.

    Yields Progress over the texts. Raises ConfigError as ``fit_calibration`` does.
    """
    assert pipeline.words is not None
    plain = pipeline.with_words(replace(pipeline.words, calibration=None))
    if support.kind == "pmi":
        return _read_premise(plain, support, cache)
    texts, name = support_texts(plain.fields, support, evaluated)
    readings: list[Readout] = []
    done = 0
    for shard in plain.read(texts, cache=cache):
        readings.append(shard)
        done += len(shard)
        yield Progress(done, len(texts))
    return SupportRead(support.kind, plain.template, texts, Readout.join(readings), name)


def fit_on(pipeline: Pipeline, read: SupportRead) -> Pipeline:
    """The pipeline with a calibration fitted on texts that were read; no model call.

    Raises NeedsReading for words that are read whole and were not read on these texts.
    """
    assert pipeline.words is not None
    words = replace(pipeline.words, calibration=None)
    if read.kind == "pmi" or read.kind == "word":
        priors = word_priors(read.readout, words.every_word(), pieces=words.pieces)
        return pipeline.with_words(calibrate_words(words, priors, read.kind, support=read.name))
    values = pipeline.with_words(words).verbalizer.raw(read.readout)
    return pipeline.with_words(calibrate(words, values, read.kind, support=read.name))


def support_texts(
    fields: Sequence[str], support: Support, evaluated: Sequence[Example]
) -> tuple[Sequence[Example], str]:
    """The inputs that are read, and what is said of them; ConfigError for fewer than ``FEWEST_TEXTS``."""
    if support.kind == "contextual":
        inputs = content_free(fields)
        return inputs, f"{len(inputs)} {support.name}"
    texts = support.texts
    if texts is None:
        texts = sample_rows(evaluated, SUPPORT_ROWS[support.kind], seed=support.seed)
    name = f"{len(texts):,} {support.name}"
    if len(texts) < FEWEST_TEXTS:
        raise ConfigError(
            f"The calibration {support.kind!r} needs {FEWEST_TEXTS} texts or more, and there "
            f"{'is' if len(texts) == 1 else 'are'} {counted(len(texts), 'text')} to fit it on ({support.name}). "
            "Give a train split, or calibrate with contextual or pmi, which need no texts."
        )
    if support.kind == "domain":
        inputs = random_words(texts, fields, seed=support.seed)
        return inputs, f"{len(inputs)} inputs of random words out of {name}"
    return texts, name


def _read_premise(pipeline: Pipeline, support: Support, cache: ReadoutStore | None) -> SupportRead:
    """The one reading (1, M, H) of the premise."""
    premise, words = support.premise, pipeline.words
    assert words is not None
    if premise is None:
        empty = Example(dict.fromkeys(pipeline.fields, ""), id="empty")
        readout = Readout.join(pipeline.read([empty], cache=cache))
        return SupportRead("pmi", pipeline.template, [empty], readout, support.name)
    if premise.slots() != pipeline.template.slots():
        raise ConfigError(
            f"The premise has {counted(premise.slots(), 'slot')}, and the template has "
            f"{counted(pipeline.template.slots(), 'slot')}: they must be alike."
        )
    read_whole = whole_words(pipeline.lm, premise, words.every_word(), pieces=words.pieces)
    rows = [Example({}, id="premise")]
    readout = Readout.join(pipeline.lm.read(premise, rows, words=read_whole, cache=cache))
    return SupportRead("pmi", premise, rows, readout, support.name)
