"""Searches for label words: from labelled rows that were read once to words for each label, no model call after that.

Each is a generator of events over ``Labelled`` rows; its keyword arguments are its options, and what it returns are
``FoundWords``.
"""

from promptlab.search.words.autoprompt import autoprompt
from promptlab.search.words.greedy import beam, greedy
from promptlab.search.words.labelled import FoundWords, Labelled
from promptlab.search.words.lm_bff import lm_bff
from promptlab.search.words.petal import petal

__all__ = ["FoundWords", "Labelled", "autoprompt", "beam", "greedy", "lm_bff", "petal"]
