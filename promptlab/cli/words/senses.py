"""``promptlab words senses``: the meanings that WordNet knows a word in, to choose from."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options

if TYPE_CHECKING:
    from promptlab.verbalizer.wordnet import Sense

Words = Annotated[list[str], typer.Argument(metavar="WORD...", help="One word or several.")]


def word_senses(words: Words, json: options.Json = False) -> None:
    """List the senses of words in WordNet: name, part of speech, gloss, the words that share it, examples.

    words expand --sense NAME begins from those that you choose.
    """
    from promptlab.verbalizer.wordnet import senses

    found = {word: senses(word) for word in dict.fromkeys(words)}
    if json:
        console.show_document(
            "words senses", [{"word": word, "senses": list(map(_entry, listing))} for word, listing in found.items()]
        )
        return
    for place, (word, listing) in enumerate(found.items()):
        if place:
            console.show()
        if len(found) > 1:
            console.show(f"{word}:")
        for sense in listing:
            console.show(f"{sense.name} ({sense.part}): {sense.gloss}")
            console.show(f"    {', '.join(sense.lemmas)}{_examples(sense)}")


def _examples(sense: "Sense") -> str:
    return f'; "{sense.examples[0]}"' if sense.examples else ""


def _entry(sense: "Sense") -> dict[str, Any]:
    return {
        "name": sense.name,
        "part": sense.part,
        "gloss": sense.gloss,
        "words": list(sense.lemmas),
        "examples": list(sense.examples),
    }
