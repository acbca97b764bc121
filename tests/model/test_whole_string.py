"""Prompts and words, made piece by piece, are what writing the word in and tokenizing the whole string gives."""

from typing import Any

import pytest
import torch
from tiny_models import CAUSAL, EVERY, LM_ADAPTED, MASKED, SEQ2SEQ, examples, reading, tiny, tokenizer_kind
from tiny_tokenizers import KINDS, TEXTS, tokenizer
from torch import Tensor

from promptlab.model.encode import Frame, encode
from promptlab.model.spelling import Spelling, slot_leads
from promptlab.model.tokens import Tokens
from promptlab.template import Template

TEMPLATES = (
    "{text} It was {mask}.",
    "{text} It was {mask}",
    "{text} All in all, it was {mask}!",
    "Just {mask}! {text}",
    "It was {mask}. {text}",
    "{mask}: {text}",
    " {mask} news: {text}",
    "A {mask} news: {text}",
    "[ Topic: {mask} ] {text}",
    "{text} ({mask})",
    '"{text}" is {mask}, yes.',
    "{text}'s story is {mask}",
    "Review: {text}\nSentiment: {mask}",
    "Review: {text}\nSentiment:\n{mask}",
    "{text}? {mask}, {text}",
    "{text}{text} It was {mask} and good",
)
WORDS = (
    "great",
    "terrible",
    "good",
    "bad",
    "very good",
    "don't",
    "x-ray",
    "politics",
    "Yes",
    "No",
    "not relevant",
    "U.S.",
)
# Texts as data has them: ends in a stop or not, quotes, digits, accents, other scripts, spaces at the ends, nothing.
DATA = (
    *TEXTS[1:12],
    "ok",
    "a 3 year old",
    'he said "no"',
    "caf\u00e9",
    "\u65e5\u672c",
    "wow \U0001f600",
    " two  spaces",
    "",
    "U.S.",
)

# Where the blank before a slot is doubled (a run loses all its trailing spaces, on purpose) or the slot touches letters
# (WordPiece's ##, merges over the edge), pieces may differ: at least these shares of the prompts agree.
AWKWARD = (
    "{text}  {mask}",
    "{text} It was  {mask}",
    "{text}{mask}",
    "{text} ({mask}s)",
    "x{mask}x {text}",
    "{text} \n{mask}",
    "{text}-{mask}",
    "{text}\t{mask}",
)
BYTE_LEVEL = ("roberta", "deberta", "modernbert", "gpt2", "opt", "llama3", "qwen")
UNIGRAM = ("albert", "deberta-v2", "t5")
SHARES = (
    {"bert": 0.66, "legacy-llama": 0.73, "gemma": 0.73} | dict.fromkeys(BYTE_LEVEL, 0.74) | dict.fromkeys(UNIGRAM, 0.99)
)


def differing(kind: str, templates: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """The prompts (template, text, word) whose pieces are not those of the whole string."""
    raw = tokenizer(kind)
    tokens = Tokens(raw)
    frame = Frame(tuple(tokens.prefix), tuple(tokens.suffix), ((-1,),), 10_000)
    found = []
    for written in templates:
        template = Template.parse(written)
        spelling = Spelling(tokens, slot_leads(template.parts))
        for text, prompt in zip(DATA, encode(tokens, frame, template, examples(DATA)), strict=True):
            (at,) = prompt.marks
            for word in WORDS:
                ours = [*prompt.ids[:at], *spelling.pieces(word), *prompt.ids[at + 1 :]]
                whole = written.replace("{mask}", word).replace("{text}", text).rstrip(" ")
                if ours != raw(whole, verbose=False).input_ids:
                    found.append((written, text, word))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_are_those_of_the_whole_string(kind: str) -> None:
    assert differing(kind, TEMPLATES) == []


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_at_doubled_blanks_and_glued_slots_are_mostly_those_of_the_whole_string(kind: str) -> None:
    prompts = len(AWKWARD) * len(DATA) * len(WORDS)
    assert 1 - len(differing(kind, AWKWARD)) / prompts >= SHARES[kind]


def reference(name: str, template: str, text: str, word: str, dtype: str = "float32") -> Tensor:
    """The log-probability of a word's first piece, by transformers alone: whole strings, all logits, one row."""
    lm = tiny(name, dtype)
    raw, model = lm.tokens.tokenizer, lm.model
    blank = {"masked": raw.mask_token, "seq2seq": raw.mask_token or "<extra_id_0>"}.get(lm.family, "")
    written = template.replace("{text}", text)
    if lm.family == "causal" or name == LM_ADAPTED:
        before = written.replace(" {mask}", "")
        (at,) = {len(raw(before).input_ids)}
        after = raw(written.replace("{mask}", word)).input_ids
        ids, piece = raw(before).input_ids, after[at - len(raw("").input_ids if name == LM_ADAPTED else ())]
    else:
        ids = raw(written.replace("{mask}", blank)).input_ids
        piece = raw(f"a {word}", add_special_tokens=False).input_ids[len(raw("a", add_special_tokens=False).input_ids)]
    inputs: dict[str, Any] = {"input_ids": torch.tensor([ids])}
    position = len(ids) - 1
    if lm.family == "masked" or name == "bart":
        position = ids.index(raw.mask_token_id)
    elif lm.family == "seq2seq":
        given = [0] if name == LM_ADAPTED else [0, raw.convert_tokens_to_ids("<extra_id_0>")]
        inputs["decoder_input_ids"] = torch.tensor([given])
        position = len(given) - 1
    with torch.no_grad():
        return model(**inputs).logits[0, position].float().log_softmax(-1)[piece]


def scored(name: str, template: str, dtype: str = "float32") -> tuple[Tensor, Tensor]:
    """Log-probabilities (texts, words) of the words, by promptlab and by the reference."""
    words, texts = ("great", "terrible", "good", "bad", "Yes"), TEXTS[1:9]
    ours = reading(tiny(name, dtype), template, texts).words(words)[:, 0]
    theirs = [[reference(name, template, text, word, dtype) for word in words] for text in texts]
    return ours, torch.tensor(theirs)


@pytest.mark.parametrize("name", EVERY)
def test_scores_are_those_of_a_plain_loop_over_whole_strings(name: str) -> None:
    ends = ["It was {mask}"] if name in CAUSAL or name == LM_ADAPTED else ["It was {mask}", "It was {mask} and good."]
    if tokenizer_kind(name) not in UNIGRAM:  # these would be given a stray blank before a stop behind a mask
        ends += ["It was {mask}."] if name in (*MASKED, *SEQ2SEQ) else []
    for end in ends:
        ours, theirs = scored(name, "{text} " + end)
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_scores_in_bfloat16_are_near_those_of_the_plain_loop(name: str) -> None:
    """Both in bfloat16: at most 0.2 apart in log-probability; the likeliest word agrees on 7 of 8 rows."""
    ours, theirs = scored(name, "{text} It was {mask}", "bfloat16")
    assert (ours - theirs).abs().max() < 0.2
    assert (ours.argmax(-1) == theirs.argmax(-1)).float().mean() >= 7 / 8
