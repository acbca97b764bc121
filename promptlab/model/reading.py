"""Reading examples: windows of rows, each encoded, sorted by length, read batch by batch and kept."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from promptlab.errors import ModelError
from promptlab.model.answers import Answers
from promptlab.model.batches import plan_batches, run_rows
from promptlab.model.cache import reading_key
from promptlab.model.language_model import LanguageModel, ReadoutStore
from promptlab.model.readout import Depth, Readout, layers_of
from promptlab.model.whole import read_column
from promptlab.task import Example
from promptlab.template import Demonstration, Template
from promptlab.verbalizer import Word

# Rows that are encoded and sorted together: long enough to waste little padding, short enough to stream a large file.
WINDOW = 4096

# The arrays of a window's rows that the cache holds, by depth.
Kept = Mapping[Depth, Mapping[str, Tensor]]


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

    ``words`` are read whole as well, and come as columns. ``depths`` are layers after which the slots' vectors are kept
    too; with neither ``top`` nor words the pass ends at the deepest of them, and no word has a score. With a cache,
    what was read before costs no model call (only depths that are missing are read) and comes as one shard a window; a
    new window is kept once it is complete. Raises ModelError and TemplateError as ``encode`` does, ModelError for a
    depth that the model lacks.
    """
    wanted: tuple[Depth, ...] = (*dict.fromkeys(depths), *(("top",) if top or words else ()))
    if not wanted:
        raise ModelError("Nothing is read without the top and without depths: name the depths.")
    for start in range(0, len(examples), WINDOW):
        part = examples[start : start + WINDOW]
        window = _Window(lm, template, part, start, demonstrations, soft, cache)
        yield from window.read(words, wanted)


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

    def read(self, words: Sequence[Word | str], depths: Sequence[Depth]) -> Iterator[Readout]:
        """Shards with columns for the words; one shard when everything was kept."""
        kept = {depth: arrays for depth in depths if (arrays := self._kept(self._depth_key(depth))) is not None}
        columns = {str(word): column for word in words if (column := self._kept_column(word)) is not None}
        missing = [depth for depth in depths if depth not in kept]
        unread = [word for word in words if str(word) not in columns]
        if not missing and not unread:
            every = range(len(self.rows))
            yield self._shard(every, _merged(kept, every), columns)
            return
        shards: list[Readout] = []
        for places, answers in self._batches(kept, missing):
            read_now = {str(word): self._read_column(word, places) for word in unread}
            kept_before = {word: column[places] for word, column in columns.items()}
            shards.append(self._shard(places, answers, kept_before | read_now))
            yield shards[-1]
            if self.cache is None:
                shards.clear()
        if self.cache is not None:
            self._keep(Readout.join(shards), missing, unread)

    def _batches(self, kept: Kept, missing: Sequence[Depth]) -> Iterator[tuple[list[int], Answers]]:
        """Places and what the model says there: what is missing read now, the rest from what was kept."""
        if not missing:
            for places in plan_batches(self.rows, self.lm.token_budget):
                yield places, _merged(kept, places)
            return
        layers, top = layers_of(missing), "top" in missing
        for places, answers in run_rows(self.lm, self.rows, soft=self.soft, depths=layers, top=top):
            yield places, _merged(kept, places, answers)

    def _keep(self, whole: Readout, depths: Sequence[Depth], words: Sequence[Word | str]) -> None:
        """Put what was read now into the cache, each depth and word under its own key."""
        assert self.cache is not None
        for depth in depths:
            if depth == "top":
                self.cache.put(self.key, {"hidden": whole.hidden, "log_norm": whole.log_norm})
            else:
                self.cache.put(self._depth_key(depth), {"vectors": whole.layers[depth]})
        for word in words:
            self.cache.put(self._column_key(word), {"column": whole.columns[str(word)]})

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

    def _kept(self, key: str) -> dict[str, Tensor] | None:
        kept = self.cache.get(key) if self.cache is not None else None
        is_whole = kept is not None and all(len(array) == len(self.rows) for array in kept.values())
        return kept if is_whole else None

    def _kept_column(self, word: Word | str) -> Tensor | None:
        kept = self._kept(self._column_key(word))
        return None if kept is None else kept["column"]

    def _column_key(self, word: Word | str) -> str:
        """What a reading depends on, and what stands behind the slot, where room is made for the word, its pieces."""
        pieces = self.spelling.word(word)
        depends = (self.key, self.prompts_key, str(self.template), self.template.truncate, self.lm.max_length, pieces)
        return hashlib.sha256(repr(depends).encode()).hexdigest()

    def _depth_key(self, depth: Depth) -> str:
        return self.key if depth == "top" else hashlib.sha256(f"{self.key} after layer {depth}".encode()).hexdigest()

    def _shard(self, places: Sequence[int], answers: Answers, columns: dict[str, Tensor]) -> Readout:
        return Readout(
            hidden=answers.hidden,
            log_norm=answers.log_norm,
            rows=torch.tensor([self.start + place for place in places]),
            cut=torch.tensor([self.rows[place].cut for place in places]),
            dropped=torch.tensor([self.rows[place].dropped for place in places]),
            output=self.lm.output,
            spelling=self.spelling,
            whole_only=self.whole_only,
            columns=columns,
            layers=answers.layers,
        )


def _merged(kept: Kept, places: Sequence[int], read: Answers | None = None) -> Answers:
    """What was kept of some rows together with what was read of them now."""
    layers = {depth: arrays["vectors"][places] for depth, arrays in kept.items() if depth != "top"}
    layers |= read.layers if read is not None else {}
    if "top" in kept:
        return Answers(kept["top"]["hidden"][places], kept["top"]["log_norm"][places], layers)
    return read._replace(layers=layers) if read is not None else Answers.below_top(layers)
