"""A tokenizer as prompts need it: runs of text into pieces, the frame around a prompt, words in their place."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from promptlab.errors import ModelError

# What may stand before a word whose neighbour is unknown; the first that does not merge with the word is taken.
_ANCHORS = ("a", "(", "/", "7", "é")
# What an entry looks like that marks a turn, such as <|im_end|>, [INST] or <think>: signs around letters.
_MARKER = re.compile(r"[^\w\s].*\w.*[^\w\s]", re.DOTALL)


class Tokens:
    """The pieces of one tokenizer.

    ``prefix`` and ``suffix`` are the special pieces that it puts around a single text, ``special`` all that no text may
    bring about, ``blanks`` the characters that it reads as a space. A piece is one token id.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError(
                f"The tokenizer {type(tokenizer).__name__} has no fast form (tokenizer.json), and prompts need its "
                "character offsets. Convert it with transformers' AutoTokenizer and save it again."
            )
        self.tokenizer = tokenizer
        self._backend = tokenizer.backend_tokenizer
        self.prefix, self.suffix = _frame(tokenizer)
        self.special = _special_pieces(tokenizer)
        self.blanks = "".join(blank for blank in " \t\r\n" if self.ids(f"a{blank}b") == self.ids("a b"))
        self._marks_starts = self._entry(self.ids(".")[:1]).startswith(("▁", "Ġ"))
        self.after = lru_cache(maxsize=65536)(self._after)

    def __len__(self) -> int:
        return len(self.tokenizer)

    @property
    def backend(self) -> Any:
        """The fast tokenizer; a call of transformers' own may have left padding and truncation on, which is undone."""
        self._backend.no_truncation()
        self._backend.no_padding()
        return self._backend

    def ids(self, text: str) -> list[int]:
        """The pieces of a text on its own, without special pieces."""
        return list(self.backend.encode(text, add_special_tokens=False).ids)

    def entry(self, piece: int) -> str:
        """The vocabulary's own spelling of a piece, such as ``Ġgreat``."""
        return str(self.tokenizer.convert_ids_to_tokens(piece))

    def read(self, pieces: Sequence[int]) -> str:
        """Pieces as readable text; special pieces are shown as they are written."""
        return str(self.tokenizer.decode(list(pieces), clean_up_tokenization_spaces=False))

    def id_of(self, entry: str) -> int | None:
        """The piece that the vocabulary spells ``entry``; None when there is none."""
        found = self.backend.token_to_id(entry)
        return None if found is None else int(found)

    def spelled_out(self, piece: int) -> tuple[int, ...]:
        """A special piece as plain text has it, its name broken (``[MASK]`` -> the pieces of ``[ MASK]``)."""
        name = self.entry(piece)
        return tuple(plain for plain in self.after(f"{name[0]} {name[1:]}") if plain not in self.special)

    def encode_runs(self, texts: Sequence[str], *, first: bool) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Pieces of each text and the characters (start, end) that each piece holds.

        With ``first`` the text opens the prompt. Otherwise something stands before it, and a tokenizer that marks
        the start of a text (``▁``, or ``Ġ`` with a prefix space) is shown an anchor first, which is cut off again.
        """
        if first or not self._marks_starts:
            return [(encoding.ids, encoding.offsets) for encoding in self._batch(texts)]
        return self._anchored(texts)

    def _after(self, text: str, before: str = "") -> tuple[int, ...]:
        """The pieces that ``text`` has when something stands before it (``before`` is tried first)."""
        for anchor in (before, *_ANCHORS) if before else _ANCHORS:
            alone, both = self.ids(anchor), self.ids(anchor + text)
            if alone and both[: len(alone)] == alone and len(both) > len(alone):
                return tuple(both[len(alone) :])
        return tuple(self.ids(text))

    def _batch(self, texts: Sequence[str]) -> list[Any]:
        return list(self.backend.encode_batch(list(texts), add_special_tokens=False))

    def _anchored(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        results: dict[int, tuple[list[int], list[tuple[int, int]]]] = {}
        open_rows = list(range(len(texts)))
        for anchor in _ANCHORS:
            alone, width = self.ids(anchor), len(anchor)
            still_open = []
            for row, encoding in zip(open_rows, self._batch([anchor + texts[row] for row in open_rows]), strict=True):
                ids, offsets = encoding.ids, encoding.offsets
                if ids[: len(alone)] == alone:
                    places = [(max(start - width, 0), max(end - width, 0)) for start, end in offsets[len(alone) :]]
                    results[row] = ids[len(alone) :], places
                else:
                    still_open.append(row)
            open_rows = still_open
        for row, encoding in zip(open_rows, self._batch([texts[row] for row in open_rows]), strict=True):
            results[row] = encoding.ids, encoding.offsets
        return [results[row] for row in range(len(texts))]

    def _entry(self, pieces: Sequence[int]) -> str:
        return self.entry(pieces[0]) if pieces else ""


def owners(places: Sequence[tuple[int, int]], ends: Sequence[int]) -> list[int]:
    """The part that each piece belongs to: the one that holds its last character (``ends`` are the parts' ends)."""
    last = len(ends) - 1
    return [min(bisect_right(ends, max(end - 1, start)), last) for start, end in places]


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special pieces before and after a single text, learnt from one word with and without them."""
    bare, full = tokenizer("a", add_special_tokens=False).input_ids, tokenizer("a").input_ids
    for at in range(len(full) - len(bare) + 1):
        if full[at : at + len(bare)] == bare:
            return list(full[:at]), list(full[at + len(bare) :])
    raise ModelError(
        "The tokenizer changes a word when it adds its special pieces, so that prompts cannot be built from it."
    )


def _special_pieces(tokenizer: Any) -> frozenset[int]:
    """The pieces that no text may bring about; the unknown piece may be, unless it has another meaning as well.

    Those that a chat format writes are among them, whether the tokenizer calls them special or not, and so is the end
    (``</think>``) of what it only opens.
    """
    formats = str(tokenizer.chat_template or "")

    def is_mark(entry: str) -> bool:
        is_written = entry in formats or entry.replace("/", "", 1) in formats
        return is_written and _MARKER.fullmatch(entry) is not None

    special = {
        piece for piece, token in tokenizer.added_tokens_decoder.items() if token.special or is_mark(token.content)
    }
    names = [name for name in tokenizer.special_tokens_map if name.endswith("_token") and name != "unk_token"]
    meant = {getattr(tokenizer, f"{name}_id") for name in names}
    return frozenset((special | set(tokenizer.all_special_ids)) - ({tokenizer.unk_token_id} - meant))
