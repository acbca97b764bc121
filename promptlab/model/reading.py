"""Reading examples: windows of rows, each encoded, sorted by length, read batch by batch and kept."""

import hashlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from promptlab.model.batches import plan_batches, run_rows
from promptlab.model.cache import reading_key
from promptlab.model.language_model import LanguageModel, ReadoutStore
from promptlab.model.readout import Readout
from promptlab.model.whole import read_column
from promptlab.task import Example
from promptlab.template import Demonstration, Template
from promptlab.verbalizer import Word

# Rows that are encoded and sorted together: long enough to waste little padding, short enough to stream a large file.
WINDOW = 4096


def read(
    lm: LanguageModel,
    template: Template,
    examples: Sequence[Example],
    *,
    words: Sequence[Word | str] = (),
    demonstrations: Sequence[Demonstration] = (),
    soft: Tensor | None = None,
    cache: ReadoutStore | None = None,
    depths: Sequence[int] = (),
    top: bool = True,
) -> Iterator[Readout]:
    """Shards of one reading, a batch each; ``Readout.rows`` says which examples a shard holds.

    ``words`` are read whole as well, and come as columns. With a cache, what was read before costs no model call and
    comes as one shard a window; a new window is kept once it is complete. Raises ModelError and TemplateError as
    ``encode`` does.
    """
    for start in range(0, len(examples), WINDOW):
        part = examples[start : start + WINDOW]
        window = _Window(lm, template, part, start, demonstrations, soft, cache)
        yield from window.read(words)


def read_words(
    lm: LanguageModel,
    template: Template,
    examples: Sequence[Example],
    readout: Readout,
    words: Sequence[Word | str],
    *,
    demonstrations: Sequence[Demonstration] = (),
    soft: Tensor | None = None,
    cache: ReadoutStore | None = None,
) -> Readout:
    """The readout with a column (N,) for each word that had none; ``examples`` are all that the reading was given."""
    new = [word for word in words if str(word) not in readout.columns]
    columns: dict[str, list[Tensor]] = {str(word): [] for word in new}
    for start in range(0, len(examples), WINDOW):
        window = _Window(lm, template, examples[start : start + WINDOW], start, demonstrations, soft, cache)
        for word in new:
            columns[str(word)].append(window.column(word))
    return readout.with_columns({word: torch.cat(parts)[readout.rows] for word, parts in columns.items()})


class _Window:
    """Rows that are encoded, sorted and cached together."""

    def __init__(
        self,
        lm: LanguageModel,
        template: Template,
        examples: Sequence[Example],
        start: int,
        demonstrations: Sequence[Demonstration],
        soft: Tensor | None,
        cache: ReadoutStore | None,
    ) -> None:
        self.lm, self.template, self.examples, self.start = lm, template, list(examples), start
        self.demonstrations, self.soft, self.cache = demonstrations, soft, cache
        self.spelling, self.whole_only = lm.spelling(template), lm.is_whole_only(template)
        prompts = lm.encode(template, self.examples, demonstrations=demonstrations)
        self.rows = [lm.place(prompt) for prompt in prompts]
        self.key = reading_key(lm, self.rows, soft) if cache is not None else ""
        self.prompts_key = hashlib.sha256(repr([(prompt.ids, prompt.marks) for prompt in prompts]).encode()).hexdigest()

    def read(self, words: Sequence[Word | str]) -> Iterator[Readout]:
        """Shards with columns for the words; one shard when everything was kept."""
        kept = self._kept(self.key, len(self.rows))
        columns = {str(word): column for word in words if (column := self._kept_column(word)) is not None}
        if kept is not None and len(columns) == len({str(word) for word in words}):
            yield self._shard(range(len(self.rows)), kept["hidden"], kept["log_norm"], columns)
            return
        shards: list[Readout] = []
        for places, hidden, log_norm in self._batches(kept):
            read_now = {
                str(word): columns[str(word)][places] if str(word) in columns else self._read_column(word, places)
                for word in words
            }
            shards.append(self._shard(places, hidden, log_norm, read_now))
            yield shards[-1]
            if self.cache is None:
                shards.clear()
        if self.cache is not None:
            whole = Readout.join(shards)
            self.cache.put(self.key, {"hidden": whole.hidden, "log_norm": whole.log_norm})
            for word in words:
                self.cache.put(self._column_key(word), {"column": whole.columns[str(word)]})

    def _batches(self, kept: dict[str, Tensor] | None) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Places, vectors and normalisers, read now or taken from what was kept in the same batches."""
        if kept is None:
            yield from run_rows(self.lm, self.rows, soft=self.soft)
            return
        for places in plan_batches(self.rows, self.lm.token_budget):
            yield places, kept["hidden"][places], kept["log_norm"][places]

    def column(self, word: Word | str) -> Tensor:
        """(n,): the word read whole on every row, kept in the cache."""
        kept = self._kept_column(word)
        if kept is None:
            kept = self._read_column(word, range(len(self.rows)))
            if self.cache is not None:
                self.cache.put(self._column_key(word), {"column": kept})
        return kept

    def _read_column(self, word: Word | str, places: Sequence[int]) -> Tensor:
        examples = [self.examples[place] for place in places]
        return read_column(self.lm, self.template, examples, word, demonstrations=self.demonstrations, soft=self.soft)

    def _kept(self, key: str, rows: int) -> dict[str, Tensor] | None:
        kept = self.cache.get(key) if self.cache is not None else None
        return kept if kept is not None and all(len(array) == rows for array in kept.values()) else None

    def _kept_column(self, word: Word | str) -> Tensor | None:
        kept = self._kept(self._column_key(word), len(self.rows))
        return None if kept is None else kept["column"]

    def _column_key(self, word: Word | str) -> str:
        """What a reading depends on, and what stands behind the slot, where room is made for the word, its pieces."""
        pieces = self.spelling.word(word)
        depends = (self.key, self.prompts_key, str(self.template), self.template.truncate, self.lm.max_length, pieces)
        return hashlib.sha256(repr(depends).encode()).hexdigest()

    def _shard(self, places: Sequence[int], hidden: Tensor, log_norm: Tensor, columns: dict[str, Tensor]) -> Readout:
        return Readout(
            hidden=hidden,
            log_norm=log_norm,
            rows=torch.tensor([self.start + place for place in places]),
            cut=torch.tensor([self.rows[place].cut for place in places]),
            dropped=torch.tensor([self.rows[place].dropped for place in places]),
            output=self.lm.output,
            spelling=self.spelling,
            whole_only=self.whole_only,
            columns=columns,
        )
