"""The three families: where a slot goes in a masked, a causal and an encoder-decoder model."""

from collections.abc import Sequence
from typing import Any, ClassVar

from promptlab.errors import ModelError
from promptlab.model.encode import Frame, Prompt
from promptlab.model.language_model import Family, LanguageModel, Row
from promptlab.template import Mask, Run, Template, Text, layout
from promptlab.text import counted, shorten


class MaskedLM(LanguageModel):
    """BERT and its kin: the mask piece stands at the slot, and its own vector answers."""

    family: ClassVar[Family] = "masked"

    def __init__(self, model: Any, tokenizer: Any, **about: Any) -> None:
        super().__init__(model, tokenizer, **about)
        if tokenizer.mask_token_id is None:
            raise ModelError(f"The tokenizer of {self.name!r} has no mask piece, which a masked model needs.")

    def mark(self, slot: int) -> tuple[int, ...]:
        return (self.tokens.tokenizer.mask_token_id,)

    def place(self, prompt: Prompt) -> Row:
        return Row(prompt.ids, prompt.marks, None, prompt.soft, _cut(prompt), prompt.dropped)

    def fill(self, prompt: Prompt, pieces: Sequence[int]) -> tuple[Row, tuple[int, ...]]:
        """As many masks as pieces; ``model.whole`` fills them in, the surest first."""
        (at,) = prompt.marks
        ids = _spliced(prompt.ids, at, 1, self.mark(0) * len(pieces))
        soft = _spliced(prompt.soft, at, 1, (0,) * len(pieces)) if prompt.soft else None
        return Row(ids, tuple(range(at, at + len(pieces))), soft=soft), tuple(pieces)


class CausalLM(LanguageModel):
    """GPT and its kin: the prompt ends where the slot is, and the last piece before it answers.

    Where text follows the slot, each word is written in and the log-probabilities of the word and of what follows it
    are taken together: the mean over the word's pieces plus the sum over the text after it, which all words share.
    """

    family: ClassVar[Family] = "causal"

    def around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(self.tokens.prefix), ()

    def mark(self, slot: int) -> tuple[int, ...]:
        return ()

    def check(self, template: Template) -> None:
        if template.slots() > 1:
            raise ModelError(
                f"A causal model answers one slot, and {shorten(str(template), 60)!r} has {template.slots()}. "
                "Use one {mask}, or a masked or encoder-decoder model."
            )
        self.chat.write(template)

    def frame(self, template: Template, *, reserve: int = 0) -> Frame:
        """With room for the model's own start, should a slot with text behind it open the prompt."""
        needs_start = not self.tokens.prefix and self.is_whole_only(template)
        return super().frame(template, reserve=reserve + needs_start)

    def is_whole_only(self, template: Template) -> bool:
        segments = [part for part in layout(template.parts) if not (isinstance(part, Run) and not _has_text(part))]
        return bool(segments) and not isinstance(segments[-1], Mask)

    def place(self, prompt: Prompt) -> Row:
        before, _, soft = self._around_slot(prompt)
        return Row(before, (len(before) - 1,), None, soft, _cut(prompt), prompt.dropped)

    def fill(self, prompt: Prompt, pieces: Sequence[int]) -> tuple[Row, tuple[int, ...]]:
        before, after, soft = self._around_slot(prompt)
        due = (*pieces, *after)
        ids = (*before, *due[:-1])
        rows = (*(0,) * len(pieces), *(prompt.soft or (0,) * len(prompt.ids))[prompt.marks[0] :])
        scored = [place for place, row in enumerate(rows) if row == 0]  # a soft vector has no log-probability
        slots = tuple(len(before) - 1 + place for place in scored)
        full_soft = None if soft is None else (*soft, *rows)[: len(ids)]
        return Row(ids, slots, soft=full_soft), tuple(due[place] for place in scored)

    def _around_slot(self, prompt: Prompt) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...] | None]:
        """Ids before and after the slot, and the soft rows before it; an empty beginning gets the model's own start."""
        (at,) = prompt.marks
        before = prompt.ids[:at] or (self._start(),)
        soft = None if prompt.soft is None else prompt.soft[:at] or (0,)
        return before, prompt.ids[at:], soft

    def _start(self) -> int:
        tokenizer = self.tokens.tokenizer
        for piece in (tokenizer.bos_token_id, tokenizer.eos_token_id):
            if piece is not None:
                return int(piece)
        raise ModelError(
            "The slot stands at the very start of the prompt, and this causal model has no start or end piece to read "
            "it from: put text before {mask}."
        )


class Seq2SeqLM(LanguageModel):
    """T5, BART and their kin: the decoder answers.

    T5 has a sentinel a slot in the encoder, and the decoder is given the same sentinels; with several slots each is
    read behind an unanswered one (as OpenPrompt does). LM-adapted T5 has nothing at the slot, which must be last, and
    answers first in the decoder. BART has its mask in the encoder, and the decoder repeats the masked text.
    """

    family: ClassVar[Family] = "seq2seq"

    def __init__(self, model: Any, tokenizer: Any, *, is_lm_adapted: bool | None = None, **about: Any) -> None:
        """``is_lm_adapted`` None: as the name of a T5 says ("lm-adapt"); nothing in its files does."""
        super().__init__(model, tokenizer, **about)
        named = "t5" in self.model_type and any(part in self.name.lower() for part in ("lm-adapt", "lm_adapt"))
        self.is_lm_adapted = named if is_lm_adapted is None else is_lm_adapted
        self.notes = self._facts(model.config)
        self.sentinels = self._find_sentinels()
        if not is_lm_adapted and not self.sentinels and tokenizer.mask_token_id is None:
            raise ModelError(
                f"The model type {self.model_type!r} has neither sentinel pieces (<extra_id_0>) nor a mask piece, so "
                "there is nothing to stand at a slot."
            )
        self.decoder_start = _decoder_start(model.config)

    def mark(self, slot: int) -> tuple[int, ...]:
        if self.is_lm_adapted:
            return ()
        if not self.sentinels:
            return (self.tokens.tokenizer.mask_token_id,)
        if slot >= len(self.sentinels):
            raise ModelError(
                f"This model has {counted(len(self.sentinels), 'sentinel')}, one a slot, and the template has more "
                "slots: use fewer."
            )
        return (self.sentinels[slot],)

    def check(self, template: Template) -> None:
        super().check(template)
        if self.is_lm_adapted and (template.slots() > 1 or not isinstance(layout(template.parts)[-1], Mask)):
            raise ModelError(
                "An LM-adapted T5 goes on where the text ends: write one {mask}, at the end of the template."
            )

    def place(self, prompt: Prompt) -> Row:
        decoder, slots = self._decode(prompt)
        return Row(prompt.ids, slots, decoder, prompt.soft, _cut(prompt), prompt.dropped)

    def fill(self, prompt: Prompt, pieces: Sequence[int]) -> tuple[Row, tuple[int, ...]]:
        decoder, (slot,) = self._decode(prompt)
        given = (*decoder[: slot + 1], *pieces[:-1])
        return Row(prompt.ids, tuple(range(slot, len(given))), given, prompt.soft), tuple(pieces)

    def _decode(self, prompt: Prompt) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The decoder's ids and the positions in them that answer the slots."""
        start = self.decoder_start
        if self.is_lm_adapted:
            return (start,), (0,)
        if self.sentinels:
            given = self.sentinels[: len(prompt.marks)]
            return (start, *given), tuple(range(1, len(given) + 1))
        return (start, *prompt.ids[: max(prompt.marks)]), prompt.marks

    def _facts(self, config: Any) -> tuple[str, ...]:
        """What a user should know of T5's versions, whose files look alike."""
        if self.model_type != "t5" or self.is_lm_adapted:
            return ()
        if getattr(config, "feed_forward_proj", "relu") == "relu":
            return (
                "T5 v1.0 checkpoints were trained on GLUE and SuperGLUE tasks too: their figures on SST-2, RTE and the "
                "like are not zero-shot.",
            )
        return ("Read as T5 v1.1, with sentinels. If it is LM-adapted, have 'lm-adapt' in its folder's name.",)

    def _find_sentinels(self) -> tuple[int, ...]:
        found: list[int] = []
        while (piece := self.tokens.id_of(f"<extra_id_{len(found)}>")) is not None:
            found.append(piece)
        return tuple(found)


def _decoder_start(config: Any) -> int:
    for name in ("decoder_start_token_id", "bos_token_id", "pad_token_id"):
        if (piece := getattr(config, name, None)) is not None:
            return int(piece)
    raise ModelError(f"The configuration of this {config.model_type!r} model names no decoder_start_token_id.")


def _has_text(run: Run) -> bool:
    return any(not isinstance(part, Text) or part.text.strip(" ") for part in run.parts)


def _spliced(ids: Sequence[int], at: int, width: int, new: Sequence[int]) -> tuple[int, ...]:
    return (*ids[:at], *new, *ids[at + width :])


def _cut(prompt: Prompt) -> int:
    return sum(prompt.cut.values())
