"""Pipelines: a model, a template and a verbalizer that classify text, alone or together, kept as bundles."""

from promptlab.pipeline.bundles import load, save
from promptlab.pipeline.ensemble import Ensemble
from promptlab.pipeline.pipeline import Pipeline, as_scores, label_places

__all__ = ["Ensemble", "Pipeline", "as_scores", "label_places", "load", "save"]
