"""Refinement of label words as knowledgeable prompt-tuning does it: cleaning, frequency, relevance."""

from promptlab.scoring.refinement.refine import Form, Judged, Refinement, refine

__all__ = ["Form", "Judged", "Refinement", "refine"]
