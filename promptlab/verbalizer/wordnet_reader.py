"""nltk's WordNet reader over files that nltk did not install."""

import io
import warnings
from typing import Any

from promptlab.errors import ConfigError
from promptlab.verbalizer.wordnet_files import wordnet_folder

_LEXNAMES = 45  # files that WordNet's authors kept its entries in; a reader must have names for them


def open_wordnet() -> Any:
    """nltk's reader of this machine's WordNet; ConfigError when there are no files or nltk refuses them.

    nltk reads folders on its data path alone, so the folder is added there. It takes the release from a line that the
    files of ``wn`` lack, and asks for a second WordNet to map to when it finds none; Debian leaves out ``lexnames``.
    """
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader, WordNetError

    class Reader(WordNetCorpusReader):  # type: ignore[misc]
        """nltk's own, with the answers that these files do not give it."""

        def get_version(self) -> str:
            return "3.0"

        def map_wn(self, version: str = "wordnet") -> None:
            return None

        def open(self, file: str) -> Any:
            return io.StringIO(_lexnames()) if file == "lexnames" else super().open(file)

    folder = str(wordnet_folder())
    if folder not in nltk.data.path:
        nltk.data.path.append(folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has no words of other languages
            return Reader(nltk.data.FileSystemPathPointer(folder), None)
    except (OSError, ValueError, WordNetError) as error:
        raise ConfigError(f"WordNet's files in {folder} cannot be read: {error}") from error


def _lexnames() -> str:
    return "".join(f"{number:02}\tfile{number}\t0\n" for number in range(_LEXNAMES))
