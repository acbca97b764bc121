"""Why label words cannot be scored, found without a model."""

from promptlab.errors import PromptlabError
from promptlab.verbalizer import LabelWords, check_words


def words_problem(words: LabelWords, slots: int | None) -> str:
    """Why these label words cannot be scored with a template of so many slots; empty when they can."""
    try:
        check_words(words, words.labels, slots)
    except PromptlabError as error:
        return str(error)
    return ""
