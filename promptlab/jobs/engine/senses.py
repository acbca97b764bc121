"""``senses``: the meanings that WordNet knows a word in, to begin an expansion from."""

from typing import Any

from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.wire import Request
from promptlab.verbalizer import wordnet


def senses(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The word's senses, the most frequent of each part of speech first; raises UnknownWord with near spellings."""
    word = str(request.fields["word"])
    found = [
        {"name": one.name, "part": one.part, "lemmas": list(one.lemmas), "gloss": one.gloss, "count": None}
        for one in wordnet.senses(word)
    ]
    return {"word": word, "senses": found}
