"""Language models that answer at slots: load them, read templates with them, score words from what was read."""

from promptlab.model.awkward import SpeltWord, spell_words
from promptlab.model.cache import ReadoutCache
from promptlab.model.language_model import LanguageModel
from promptlab.model.load import load_model, wrap_model
from promptlab.model.output import OutputLayer
from promptlab.model.readout import Depth, NeedsReading, Readout

__all__ = [
    "Depth",
    "LanguageModel",
    "NeedsReading",
    "OutputLayer",
    "Readout",
    "ReadoutCache",
    "SpeltWord",
    "load_model",
    "spell_words",
    "wrap_model",
]
