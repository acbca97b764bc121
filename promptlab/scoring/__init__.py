"""From a readout to label scores: verbalizers and their calibration."""

from promptlab.scoring.calibrate import calibrate, calibrate_words, content_free, fit_prior
from promptlab.scoring.priors import word_priors
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.words import WordVerbalizer

__all__ = ["Verbalizer", "WordVerbalizer", "calibrate", "calibrate_words", "content_free", "fit_prior", "word_priors"]
