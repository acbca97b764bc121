"""What if: the accuracy with each candidate word added to a label or in place of its words, and without each word."""

from promptlab.scoring.what_if.ask import effects, removals, split_halves, what_if
from promptlab.scoring.what_if.scores import Candidates
from promptlab.scoring.what_if.table import WhatIf

__all__ = ["Candidates", "WhatIf", "effects", "removals", "split_halves", "what_if"]
