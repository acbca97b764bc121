"""LanguageModel: a loaded model that answers at slots; its families differ only in where a slot goes."""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

import torch
from torch import Tensor, nn

from promptlab.errors import ModelError
from promptlab.model.answers import Answers
from promptlab.model.chat import ChatFormat
from promptlab.model.depths import LayerStack, find_layers
from promptlab.model.encode import Frame, Prompt, encode
from promptlab.model.output import OutputLayer
from promptlab.model.readout import Readout
from promptlab.model.spelling import Spelling, slot_leads
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Demonstration, Template
from promptlab.verbalizer import Word

Family = Literal["masked", "causal", "seq2seq"]


class ReadoutStore(Protocol):
    """Where the arrays of a window of rows are kept, by key."""

    def get(self, key: str) -> dict[str, Tensor] | None: ...

    def put(self, key: str, arrays: dict[str, Tensor]) -> None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """What the model is given for one example: ``ids``, the positions of its slots, and a decoder's ids if it has one.

    ``slots`` are positions in the sequence that reaches the output layer: the decoder's where there is one. ``cut``
    counts the pieces and ``dropped`` the demonstrations that did not fit.
    """

    ids: tuple[int, ...]
    slots: tuple[int, ...]
    decoder: tuple[int, ...] | None = None
    soft: tuple[int, ...] | None = None
    cut: int = 0
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.ids) + len(self.decoder or ())


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows padded on the right: ids, mask (B, T), slots (B, M), decoder ids (B, D), soft rows (B, T)."""

    ids: Tensor
    mask: Tensor
    slots: Tensor
    decoder: Tensor | None = None
    soft: Tensor | None = None


class LanguageModel(nn.Module, ABC):
    """A model, its tokenizer and its output layer.

    ``fingerprint`` identifies the weights, ``max_length`` is in pieces, ``token_budget`` is the number of pieces that a
    batch may hold (halved when memory runs out), ``calls`` counts forward passes, ``notes`` are facts to show.
    ``quantization`` says how the weights were packed before they were unpacked, such as ``Q4_K_M``.
    """

    family: ClassVar[Family]

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        fingerprint: str = "",
        max_length: int = 512,
        revision: str = "",
        quantization: str = "",
    ) -> None:
        super().__init__()
        self.model = model.eval().requires_grad_(False)
        self.tokens = Tokens(tokenizer)
        self.output = OutputLayer(model)
        self.name, self.fingerprint, self.revision, self.max_length = name, fingerprint, revision, max_length
        self.quantization = quantization
        self.chat = ChatFormat(self.tokens, name)
        self.token_budget = 2048 if self.device.type == "cpu" else 32768
        self.calls = 0
        self.notes: tuple[str, ...] = ()
        self._counting = threading.Lock()

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.output.weight.device

    @property
    def dtype(self) -> str:
        """The weights' precision: ``float32``, ``bfloat16`` or ``float16``."""
        return str(self.output.weight.dtype).removeprefix("torch.")

    def state_key(self) -> str:
        """Identifies the weights in use: the fingerprint they were loaded with, and all that was trained since."""
        trained = [(name, value) for name, value in self.model.named_parameters() if value.requires_grad]
        if self.fingerprint and not trained:
            return self.fingerprint
        state = hashlib.sha256(self.fingerprint.encode())
        for name, value in trained if self.fingerprint else self.model.state_dict().items():
            state.update(name.encode() + value.detach().float().cpu().numpy().tobytes())
        return state.hexdigest()

    @property
    def pieces(self) -> int:
        """V: the rows of the output layer."""
        return int(self.output.weight.shape[0])

    def frame(self, template: Template, *, reserve: int = 0) -> Frame:
        """What stands around a prompt of this template; ``reserve`` keeps room for that many more pieces."""
        marks = tuple(self.mark(slot) for slot in range(template.slots()))
        before, after = ((), ()) if template.turns() else self.around()  # a chat format has its own
        return Frame(before, after, marks, self.max_length - reserve)

    def around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The special pieces before and after a prompt."""
        return tuple(self.tokens.prefix), tuple(self.tokens.suffix)

    @abstractmethod
    def mark(self, slot: int) -> tuple[int, ...]:
        """The pieces that stand at a slot in the prompt."""

    @abstractmethod
    def place(self, prompt: Prompt) -> Row:
        """The row that reads a prompt at its slots."""

    @abstractmethod
    def fill(self, prompt: Prompt, pieces: Sequence[int]) -> tuple[Row, tuple[int, ...]]:
        """The row that reads a word of several pieces in the one slot, and the piece due at each of its slots."""

    def check(self, template: Template) -> None:
        """ModelError when this model cannot answer the template."""
        if template.turns():
            raise ModelError(
                f"{self.name!r} is a {self.family} model, and only causal chat models have turns. Use a template "
                "without {assistant}."
            )

    def is_whole_only(self, template: Template) -> bool:
        """Whether no word has a score before it was read (text after a causal model's slot)."""
        return False

    def encode(
        self,
        template: Template,
        examples: Sequence[Example],
        *,
        demonstrations: Sequence[Demonstration] = (),
        reserve: int = 0,
    ) -> list[Prompt]:
        """Prompts as pieces; see ``model.encode.encode``."""
        self.check(template)
        frame = self.frame(template, reserve=reserve)
        return encode(self.tokens, frame, template, examples, demonstrations=demonstrations, chat=self.chat)

    def spelling(self, template: Template) -> Spelling:
        """How words are written at the template's slots."""
        return Spelling(self.tokens, slot_leads(self.chat.write(template).parts))

    def word_ids(self, template: Template, words: Sequence[Word | str]) -> list[tuple[tuple[int, ...], ...]]:
        """The pieces of each word at each slot of the template: W × M × K."""
        spelling = self.spelling(template)
        return [spelling.word(word) for word in words]

    def batch(self, rows: Sequence[Row]) -> Batch:
        """Rows as tensors on the model's device."""
        pad = self.tokens.tokenizer.pad_token_id or 0

        def padded(lists: Sequence[Sequence[int]], value: int) -> Tensor:
            longest = max(map(len, lists))
            table = [[*ids, *[value] * (longest - len(ids))] for ids in lists]
            return torch.tensor(table, device=self.device)

        softs = [row.soft or (0,) * len(row.ids) for row in rows]
        return Batch(
            ids=padded([row.ids for row in rows], pad),
            mask=padded([(1,) * len(row.ids) for row in rows], 0),
            slots=torch.tensor([row.slots for row in rows], device=self.device),
            decoder=None if rows[0].decoder is None else padded([row.decoder or () for row in rows], pad),
            soft=padded(softs, 0) if any(row.soft for row in rows) else None,
        )

    @property
    def layers(self) -> int:
        """How many layers there are to read after; ModelError where they cannot be found."""
        return len(self._stack)

    def check_depths(self, depths: Sequence[int]) -> None:
        """ModelError when the model does not have one of these layers."""
        if depths:
            self._stack.check(depths)

    @cached_property
    def _stack(self) -> LayerStack:
        (prompt,) = self.encode(Template.parse("one, two and {mask}"), [Example({})])
        return find_layers(self.model, self._inputs(self.batch([self.place(prompt)]), None))

    def forward(
        self, batch: Batch, soft: Tensor | None = None, *, depths: Sequence[int] = (), top: bool = True
    ) -> Answers:
        """What the output layer sees at the slots, the log-normaliser there, and the slots' vectors after ``depths``.

        ``soft`` (S, E) replaces the input vectors where ``batch.soft`` names its rows. The pass ends before the output
        layer or, unless ``top`` is asked for, after the deepest of the depths. Raises ModelError for a depth that the
        model does not have.
        """
        assert top or depths
        with ExitStack() as hooks:
            layers = hooks.enter_context(self._stack.catching(batch.slots, depths, stop=not top)) if depths else {}
            seen = hooks.enter_context(self.output.catching(batch.slots)) if top else []
            self.run(batch, soft)
        if top and not seen:
            raise ModelError(f"The model type {self.model_type!r} does not pass its vectors through its output layer.")
        if len(layers) < len(set(depths)):
            raise ModelError(f"The model type {self.model_type!r} does not use its layers alike in every pass.")
        return Answers(seen[0], self.output.log_norm(seen[0]), layers) if top else Answers.below_top(layers)

    def run(self, batch: Batch, soft: Tensor | None = None) -> Any:
        """The model's own forward pass over a batch."""
        with self._counting:
            self.calls += 1
        return self.model(**self._inputs(batch, soft))

    def _inputs(self, batch: Batch, soft: Tensor | None) -> dict[str, Any]:
        inputs: dict[str, Any] = {"attention_mask": batch.mask}
        if batch.soft is not None and soft is not None:
            vectors = self.model.get_input_embeddings()(batch.ids)  # (B, T, E)
            learned = soft.to(vectors)[(batch.soft - 1).clamp(min=0)]  # (B, T, E)
            inputs["inputs_embeds"] = torch.where(batch.soft[..., None] > 0, learned, vectors)
        else:
            inputs["input_ids"] = batch.ids
        if batch.decoder is not None:
            inputs["decoder_input_ids"] = batch.decoder
        if self.family != "masked":
            inputs["use_cache"] = False
        return inputs

    @property
    def model_type(self) -> str:
        """transformers' name for the architecture, such as ``bert``."""
        return str(self.model.config.model_type)

    def read(
        self,
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
        """Shards of one reading, a batch each, longest rows first within a window; see ``model.reading.read``."""
        from promptlab.model.reading import read

        given: dict[str, Any] = {"demonstrations": demonstrations, "soft": soft, "cache": cache}
        return read(self, template, examples, words=words, depths=depths, top=top, **given)

    def read_words(
        self,
        template: Template,
        examples: Sequence[Example],
        readout: Readout,
        words: Sequence[Word | str],
        *,
        demonstrations: Sequence[Demonstration] = (),
        soft: Tensor | None = None,
        cache: ReadoutStore | None = None,
    ) -> Readout:
        """The readout with a column for each word, read whole; ``examples`` are those of the whole reading."""
        from promptlab.model.reading import read_words

        return read_words(
            self, template, examples, readout, words, demonstrations=demonstrations, soft=soft, cache=cache
        )
