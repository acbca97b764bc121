"""Words of several pieces read whole, each family against a plain reimplementation; columns and their cache."""

from itertools import permutations
from typing import Any

import pytest
import torch
from tiny_models import CAUSAL, EVERY, LM_ADAPTED, MASKED, examples, reading, tiny
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import LanguageModel, NeedsReading, Readout, ReadoutCache
from promptlab.model.whole import whole_words
from promptlab.template import Template
from promptlab.verbalizer import Word

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")
WORDS = ("not relevant", "politics", "very good indeed")


def logprobs(lm: LanguageModel, ids: tuple[int, ...], decoder: tuple[int, ...] | None = None) -> Tensor:
    """The model's own log-probabilities (T, V) over one row alone."""
    inputs: dict[str, Any] = {"input_ids": torch.tensor([ids])}
    if decoder is not None:
        inputs["decoder_input_ids"] = torch.tensor([decoder])
    with torch.no_grad():
        return lm.model(**inputs).logits[0].log_softmax(-1)  # type: ignore[no-any-return]


def column(lm: LanguageModel, template: str, word: str) -> list[float]:
    """What promptlab reads, text by text."""
    shards = lm.read(Template.parse(template), examples(TEXTS), words=[word])
    return Readout.join(shards).columns[word].tolist()  # type: ignore[no-any-return]


def prompts_and_pieces(lm: LanguageModel, template: str, word: str) -> tuple[list[Any], tuple[int, ...]]:
    parsed = Template.parse(template)
    return lm.encode(parsed, examples(TEXTS)), lm.spelling(parsed).pieces(word)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_model_gives_the_mean_of_the_teacher_forced_pieces(name: str, word: str) -> None:
    lm = tiny(name)
    prompts, pieces = prompts_and_pieces(lm, "{text} It was {mask}", word)
    assert len(pieces) > 1
    expected = []
    for prompt in prompts:
        scores = logprobs(lm, prompt.ids + pieces)
        places = range(len(prompt.ids) - 1, len(prompt.ids) + len(pieces) - 1)
        expected.append(sum(float(scores[at, piece]) for at, piece in zip(places, pieces, strict=True)) / len(pieces))
    assert column(lm, "{text} It was {mask}", word) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("word", ["great", "not relevant"])
@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("template", ["{text} It was {mask}, all in all.", " {mask} news: {text}", "{mask}: {text}"])
def test_a_causal_model_with_text_behind_the_slot_adds_the_sum_over_that_text(
    name: str, template: str, word: str
) -> None:
    lm = tiny(name)
    prompts, pieces = prompts_and_pieces(lm, template, word)
    start = lm.tokens.tokenizer.bos_token_id or lm.tokens.tokenizer.eos_token_id
    expected = []
    for prompt in prompts:
        (at,) = prompt.marks
        before, after = prompt.ids[:at] or (start,), prompt.ids[at:]
        whole = (*before, *pieces, *after)
        scores = logprobs(lm, whole)
        each = [float(scores[place - 1, whole[place]]) for place in range(len(before), len(whole))]
        expected.append(sum(each[: len(pieces)]) / len(pieces) + sum(each[len(pieces) :]))
    assert column(lm, template, word) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", CAUSAL)
def test_words_of_one_piece_before_a_text_rank_as_the_likelihood_of_the_whole_sequence(name: str) -> None:
    lm = tiny(name)
    template, words = "{text} It was {mask}, all in all.", ("great", "terrible", "good", "bad", "fine")
    ours = torch.tensor([column(lm, template, word) for word in words])  # (W, N)
    prompts, _ = prompts_and_pieces(lm, template, "great")
    sequences = torch.empty_like(ours)
    for row, prompt in enumerate(prompts):
        (at,) = prompt.marks
        for place, word in enumerate(words):
            whole = (*prompt.ids[:at], *lm.spelling(Template.parse(template)).pieces(word), *prompt.ids[at:])
            scores = logprobs(lm, whole)
            sequences[place, row] = sum(scores[at - 1, whole[at]] for at in range(1, len(whole)))
    assert torch.equal(ours.argsort(0), sequences.argsort(0))


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", ["t5", "t5-v1.1", LM_ADAPTED, "bart"])
def test_an_encoder_decoder_gives_the_mean_of_the_teacher_forced_pieces(name: str, word: str) -> None:
    lm = tiny(name)
    template = "{text} It was {mask}" if name == LM_ADAPTED else "{text} It was {mask}, all in all."
    prompts, pieces = prompts_and_pieces(lm, template, word)
    expected = []
    for prompt in prompts:
        if name == "bart":
            given = (lm.model.config.decoder_start_token_id, *prompt.ids[: prompt.marks[0]])
        else:
            given = (0,) if name == LM_ADAPTED else (0, lm.tokens.tokenizer.convert_tokens_to_ids("<extra_id_0>"))
        scores = logprobs(lm, prompt.ids, (*given, *pieces))
        places = range(len(given) - 1, len(given) + len(pieces) - 1)
        expected.append(sum(float(scores[at, piece]) for at, piece in zip(places, pieces, strict=True)) / len(pieces))
    assert column(lm, template, word) == pytest.approx(expected, abs=2e-5)


def surest_first(lm: LanguageModel, ids: list[int], wanted: dict[int, int]) -> float:
    """PET's multi-token verbalizer on one row: the sum of log-probabilities, each mask filled when it is the surest."""
    if not wanted:
        return 0.0
    scores = logprobs(lm, tuple(ids))
    at = max(wanted, key=lambda place: float(scores[place, wanted[place]]))
    filled = [wanted[at] if place == at else piece for place, piece in enumerate(ids)]
    return float(scores[at, wanted[at]]) + surest_first(lm, filled, {k: v for k, v in wanted.items() if k != at})


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", MASKED)
def test_a_masked_model_fills_as_many_masks_as_pieces_the_surest_first(name: str, word: str) -> None:
    lm = tiny(name)
    template = "{text} It was {mask}, all in all."
    prompts, pieces = prompts_and_pieces(lm, template, word)
    mask, expected = lm.tokens.tokenizer.mask_token_id, []
    for prompt in prompts:
        (at,) = prompt.marks
        ids = [*prompt.ids[:at], *[mask] * len(pieces), *prompt.ids[at + 1 :]]
        wanted = {at + place: piece for place, piece in enumerate(pieces)}
        expected.append(surest_first(lm, ids, wanted) / len(pieces))
    assert column(lm, template, word) == pytest.approx(expected, abs=2e-5)


def test_the_order_in_which_masks_are_filled_matters_here_so_that_the_test_above_says_something() -> None:
    lm = tiny("bert")
    prompts, pieces = prompts_and_pieces(lm, "{text} It was {mask}.", "not relevant")
    (at,) = prompts[0].marks
    totals = set()
    for order in permutations(range(len(pieces))):
        ids = [*prompts[0].ids[:at], *[4] * len(pieces), *prompts[0].ids[at + 1 :]]
        total = 0.0
        for place in order:
            total += float(logprobs(lm, tuple(ids))[at + place, pieces[place]])
            ids[at + place] = pieces[place]
        totals.add(round(total, 3))
    assert len(totals) > 1


@pytest.mark.parametrize("name", EVERY)
def test_read_whole_a_word_of_one_piece_scores_as_its_first_piece_without_a_call(name: str) -> None:
    lm = tiny(name)
    readout = reading(lm, "{text} It was {mask}", TEXTS)
    calls = lm.calls
    whole = readout.words(["great", "bad"], pieces="whole")
    assert torch.equal(whole, readout.words(["great", "bad"], pieces="first"))
    assert lm.calls == calls


@pytest.mark.parametrize("name", EVERY)
def test_a_word_of_one_piece_that_is_read_whole_all_the_same_has_the_same_score(name: str) -> None:
    lm = tiny(name)
    first = reading(lm, "{text} It was {mask}", TEXTS).words(["great"])[:, 0, 0]
    assert column(lm, "{text} It was {mask}", "great") == pytest.approx(first.tolist(), abs=2e-5)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_words_that_need_a_reading_are_named_and_read(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("{text} It was {mask}")
    readout = reading(lm, template, TEXTS)
    with pytest.raises(NeedsReading) as need:
        readout.words(["great", "not relevant", Word("very good indeed")], pieces="whole")
    assert [str(word) for word in need.value.words] == ["not relevant", "very good indeed"]
    cured = lm.read_words(template, examples(TEXTS), readout, need.value.words)
    scores = cured.words(["great", "not relevant", Word("very good indeed")], pieces="whole")
    assert scores[:, 0, 1].tolist() == pytest.approx(column(lm, "{text} It was {mask}", "not relevant"), abs=2e-5)
    assert torch.allclose(scores[:, 0, :1], readout.words(["great"])[:, 0], atol=1e-5)


def test_every_word_needs_a_reading_where_text_stands_behind_a_causal_slot() -> None:
    readout = reading(tiny("gpt2"), "{text} It was {mask}, all in all.", TEXTS)
    with pytest.raises(NeedsReading):
        readout.words(["great"])


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_behind_a_causal_slot_is_no_text(blank: str) -> None:
    readout = reading(tiny("gpt2"), "{text} It was {mask}" + blank, TEXTS)
    assert readout.words(["great"]).shape == (3, 1, 1)


def test_some_rows_of_a_reading_keep_their_own_columns() -> None:
    lm = tiny("bert")
    template = Template.parse("{text} It was {mask}")
    readout = reading(lm, template, TEXTS).select(torch.tensor([2, 0]))
    cured = lm.read_words(template, examples(TEXTS), readout, ["not relevant"])
    expected = column(lm, "{text} It was {mask}", "not relevant")
    assert cured.columns["not relevant"].tolist() == pytest.approx([expected[2], expected[0]], abs=2e-5)


@pytest.mark.parametrize("name", ["bert", "llama3", "bart"])
def test_a_second_reading_of_words_makes_no_call(name: str) -> None:
    lm = tiny(name)
    template, cache = Template.parse("{text} It was {mask}, all in all."), ReadoutCache()
    texts = examples(TEXTS)
    first = Readout.join(lm.read(template, texts, words=["not relevant", "politics"], cache=cache))
    calls = lm.calls
    second = Readout.join(lm.read(template, texts, words=["politics", "not relevant"], cache=cache))
    plain = Readout.join(lm.read(template, texts, cache=cache))
    cured = lm.read_words(template, texts, plain, ["not relevant"], cache=cache)
    assert lm.calls == calls
    for found in (second, cured):
        assert torch.equal(found.columns["not relevant"], first.columns["not relevant"])


def test_a_new_word_is_read_alone_when_the_rest_is_kept() -> None:
    lm, template, cache = tiny("gpt2"), Template.parse("{text} It was {mask}"), ReadoutCache()
    list(lm.read(template, examples(TEXTS), words=["not relevant"], cache=cache))
    calls = lm.calls
    list(lm.read(template, examples(TEXTS), words=["not relevant", "politics"], cache=cache))
    assert lm.calls == calls + 1


def test_what_stands_behind_a_causal_slot_is_part_of_a_kept_column() -> None:
    lm, cache = tiny("gpt2"), ReadoutCache()
    endings = [
        Readout.join(lm.read(Template.parse(written), examples(TEXTS), words=["great"], cache=cache)).columns["great"]
        for written in ("{text} It was {mask}, all in all.", "{text} It was {mask}, very good.", "{text} It was {mask}")
    ]
    assert len({tuple(column.tolist()) for column in endings}) == 3


@pytest.mark.parametrize("name", ["bert", "gpt2", "opt", "t5", "bart"])
@pytest.mark.parametrize("template", ["{text} It was {mask}", "{text} It was {mask}, all.", "{mask}{text}"])
def test_a_long_text_makes_room_for_the_pieces_of_a_word(name: str, template: str) -> None:
    lm = tiny(name)
    long = ["film " * 2000]
    parsed = Template.parse(template)
    (reading_of_all,) = lm.read(parsed, examples(long), words=["not relevant", "very good indeed", "great"])
    assert all(torch.isfinite(column).all() for column in reading_of_all.columns.values())


@pytest.mark.parametrize("name", ["bert", "t5", "bart"])
def test_a_word_is_read_whole_only_where_the_template_has_one_slot(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("{text} {mask} and {mask}")
    several = Word(("great", "not relevant"))
    with pytest.raises(ConfigError, match="read whole in a template with one slot only"):
        whole_words(lm, template, [several], pieces="whole")
    with pytest.raises(ConfigError, match="read whole in a template with one slot only"):
        list(lm.read(template, examples(TEXTS), words=[several]))
    assert whole_words(lm, template, [Word(("great", "bad"))], pieces="whole") == ()
