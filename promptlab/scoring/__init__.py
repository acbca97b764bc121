"""From a readout to label scores: verbalizers and their calibration."""

from promptlab.scoring.calibrate import calibrate, content_free, fit_prior
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.words import WordVerbalizer

__all__ = ["Verbalizer", "WordVerbalizer", "calibrate", "content_free", "fit_prior"]
