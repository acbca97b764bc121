"""From a readout to label scores: verbalizers and their calibration, what label words do, and learning on few rows."""

from promptlab.scoring.calibrate import calibrate, calibrate_words, content_free, fit_prior
from promptlab.scoring.learned.choose import choose
from promptlab.scoring.learned.linear import LinearVerbalizer, fit_linear
from promptlab.scoring.learned.prototypes import PrototypeVerbalizer, fit_means
from promptlab.scoring.learned.protoverb import fit_protoverb
from promptlab.scoring.learned.soft import SoftVerbalizer, fit_soft, soft_at_random, soft_from_words
from promptlab.scoring.mixture import MixedVerbalizer
from promptlab.scoring.priors import word_priors
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.refinement.refine import refine
from promptlab.scoring.weights import fit_weights
from promptlab.scoring.what_if.ask import what_if
from promptlab.scoring.what_if.scores import Candidates
from promptlab.scoring.words import WordVerbalizer

__all__ = [
    "Candidates",
    "LinearVerbalizer",
    "MixedVerbalizer",
    "PrototypeVerbalizer",
    "SoftVerbalizer",
    "Verbalizer",
    "WordVerbalizer",
    "calibrate",
    "calibrate_words",
    "choose",
    "content_free",
    "fit_linear",
    "fit_means",
    "fit_prior",
    "fit_protoverb",
    "fit_soft",
    "fit_weights",
    "refine",
    "soft_at_random",
    "soft_from_words",
    "what_if",
    "word_priors",
]
