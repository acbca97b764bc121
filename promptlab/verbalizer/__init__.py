"""Label words as data: records, reading and writing, references and the library of verbalizers."""

from promptlab.verbalizer.check import check_labels, check_words
from promptlab.verbalizer.files import from_table, read_words, save_words, to_table
from promptlab.verbalizer.library import (
    default_words,
    fit_labels,
    library_verbalizers,
    library_words,
    own_words,
    resolve_words,
)
from promptlab.verbalizer.parse import label_names_as_words, parse_each, parse_words
from promptlab.verbalizer.words import (
    Calibration,
    CalibrationKind,
    Combine,
    LabelPriorKind,
    LabelWords,
    Pieces,
    Word,
    WordPriorKind,
)

__all__ = [
    "Calibration",
    "CalibrationKind",
    "Combine",
    "LabelPriorKind",
    "LabelWords",
    "Pieces",
    "Word",
    "WordPriorKind",
    "check_labels",
    "check_words",
    "default_words",
    "fit_labels",
    "from_table",
    "label_names_as_words",
    "library_verbalizers",
    "library_words",
    "own_words",
    "parse_each",
    "parse_words",
    "read_words",
    "resolve_words",
    "save_words",
    "to_table",
]
