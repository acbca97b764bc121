"""Unlabelled texts that label words are calibrated on before they stand beside something learnt, or are mixed in."""

from collections.abc import Generator
from dataclasses import dataclass

from promptlab.jobs.plan import Plan
from promptlab.jobs.support import FEWEST_TEXTS, SUPPORT_ROWS
from promptlab.jobs.words.setting import read_whole, unlabelled_texts
from promptlab.model import LanguageModel, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.model.whole import whole_words
from promptlab.results import Event, Note
from promptlab.scoring import WordVerbalizer, calibrate
from promptlab.template import Template
from promptlab.verbalizer import LabelWords


@dataclass(frozen=True, eq=False)
class Texts:
    """Unlabelled texts as they were read, and the words that say which they are; None of them where too few."""

    readout: Readout | None
    name: str

    def calibrated(self, words: LabelWords) -> LabelWords:
        """The words batch-calibrated on the texts; as they are without texts."""
        if self.readout is None:
            return words
        return calibrate(words, WordVerbalizer(words).raw(self.readout), "batch", support=self.name)


def read_texts(
    plan: Plan, lm: LanguageModel, template: Template, words: LabelWords, seed: int, cache: ReadoutStore
) -> Generator[Event, None, Texts | None]:
    """Texts to calibrate the words on, read; None where the words must be read whole, which is said."""
    if whole_words(lm, template, words.every_word(), pieces=words.pieces):
        yield Note(
            "info", "The words would have to be read whole here: they are not mixed in, nor shown for comparison."
        )
        return None
    texts, name = unlabelled_texts(plan, SUPPORT_ROWS["batch"], seed=seed)
    if len(texts) < FEWEST_TEXTS:
        yield Note("info", f"The words count as they are: there are too few texts to calibrate them ({name}).")
        return Texts(None, name)
    readout = yield from read_whole(lm, template, texts, cache=cache)
    return Texts(readout, f"{name}, {plan.task.fingerprint[:12]}")
