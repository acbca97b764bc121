"""The words that a what-if or a search tries: those given, or every word of the model's vocabulary."""

from collections.abc import Sequence

from promptlab.errors import ConfigError
from promptlab.model import LanguageModel
from promptlab.scoring.vocabulary import slot_vocabulary
from promptlab.scoring.what_if import Candidates
from promptlab.template import Template
from promptlab.text import counted, fold, listed, shorten
from promptlab.verbalizer import Word


def choose_candidates(
    lm: LanguageModel, templates: Sequence[Template], given: Sequence[Word] | None, *, whole: bool = False
) -> tuple[Candidates, tuple[str, ...]]:
    """The candidates at the templates' slots, and a sentence about what was left out.

    ``given`` words of several pieces stay where they are read ``whole`` and are left out otherwise: their first piece
    stands for other words too. Raises ConfigError for a word that the model cannot write, and when none is left.
    """
    if given is None:
        return Candidates.vocabulary([slot_vocabulary(lm, template) for template in templates]), ()
    words = tuple({fold(str(word)): word for word in reversed(given)}.values())[::-1]
    split = {word for word in words for template in templates if lm.spelling(template).is_split(word)}
    if whole or not split:
        return Candidates(words), ()
    kept = tuple(word for word in words if word not in split)
    shown = listed((shorten(str(word), 30) for word in words if word in split), most=4)
    if not kept:
        raise ConfigError(
            f"Each of the candidates has several pieces in this model ({shown}). Give others, or words with "
            'pieces = "whole".'
        )
    return Candidates(kept), (f"Left out, of several pieces in this model: {shown} ({counted(len(split), 'word')}).",)
