"""Models of one's own text: training a language model on, and making one from nothing."""

from promptlab.model.training.adapt import adapt
from promptlab.model.training.documents import Texts
from promptlab.model.training.pretrain import pretrain
from promptlab.model.training.run import Place
from promptlab.model.training.settings import Settings

__all__ = ["Place", "Settings", "Texts", "adapt", "pretrain"]
