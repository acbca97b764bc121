"""What is read at the slots equals the model's own full forward pass, in every family."""

from typing import Any

import pytest
import torch
from tiny_models import EVERY, MASKED, examples, reading, slot_last, tiny
from torch import Tensor

from promptlab.model import LanguageModel, OutputLayer
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "", "A bad movie")


def several_slots(lm: LanguageModel) -> str:
    """Two slots with text around them where the family has that, else one at the end."""
    return "{text} It was" + " {mask}" if slot_last(lm) else "{text} It was {mask} and {mask}, yes."


def full_logits(lm: LanguageModel, template: str, text: str) -> tuple[Tensor, tuple[int, ...]]:
    """The logits (T, V) of transformers' own pass over one prompt alone, and the positions of its slots."""
    (prompt,) = lm.encode(Template.parse(template), examples([text]))
    row = lm.place(prompt)
    inputs: dict[str, Any] = {
        "input_ids": torch.tensor([row.ids]),
        "attention_mask": torch.ones(1, len(row.ids)).long(),
    }
    if row.decoder is not None:
        inputs["decoder_input_ids"] = torch.tensor([row.decoder])
    with torch.no_grad():
        return lm.model(**inputs).logits[0], row.slots


@pytest.mark.parametrize("name", EVERY)
def test_every_piece_has_the_log_probability_that_the_full_pass_gives_it(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    ours = reading(lm, template, TEXTS).tokens(range(lm.pieces))  # (N, M, V)
    for row, text in enumerate(TEXTS):
        logits, slots = full_logits(lm, template, text)
        theirs = logits[list(slots)].log_softmax(-1)  # (M, V)
        assert ours.shape[1:] == theirs.shape
        torch.testing.assert_close(ours[row], theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_the_texts_change_the_answers_so_that_equality_says_something(name: str) -> None:
    answers = reading(tiny(name), several_slots(tiny(name)), TEXTS).tokens(range(100))
    assert (answers[0] - answers[1]).abs().mean() > 0.05


@pytest.mark.parametrize("name", EVERY)
def test_a_full_pass_is_the_same_before_and_after_a_reading(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    before, _ = full_logits(lm, template, TEXTS[0])
    reading(lm, template, TEXTS)
    after, _ = full_logits(lm, template, TEXTS[0])
    assert torch.equal(before, after)


@pytest.mark.parametrize("name", ["bert", "deberta", "t5"])
def test_the_hook_is_gone_after_a_pass_that_failed(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    before, _ = full_logits(lm, template, TEXTS[0])
    (prompt,) = lm.encode(Template.parse(template), examples(TEXTS[:1]))
    batch = lm.batch([lm.place(prompt)])
    beyond = batch.slots + 1000
    with pytest.raises((RuntimeError, IndexError)), lm.output.catching(beyond):
        lm.run(batch)
    after, _ = full_logits(lm, template, TEXTS[0])
    assert torch.equal(before, after)


@pytest.mark.parametrize("name", EVERY)
def test_answers_in_bfloat16_are_near_those_in_float32(name: str) -> None:
    """Tolerance in log-probability: 0.15 on average, 0.6 for 19 in 20; the likeliest of ten agrees on 8 of 10 rows."""
    texts = [
        f"{text} {more}" for text in TEXTS for more in ("It is long", "great", "no", "The acting", "fine and dull")
    ]
    wanted = torch.arange(50, 60)
    template = several_slots(tiny(name))
    exact = reading(tiny(name), template, texts).tokens(wanted)
    rough = reading(tiny(name, "bfloat16"), template, texts).tokens(wanted)
    assert rough.dtype == torch.float32
    assert (exact - rough).abs().mean() < 0.15
    assert (exact - rough).abs().quantile(0.95) < 0.6
    assert (exact.argmax(-1) == rough.argmax(-1)).float().mean() >= 0.8


def test_the_normaliser_in_chunks_of_the_vocabulary_is_the_normaliser(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=5000, n_embd=16, n_layer=1, n_head=2, n_positions=8))
    output = OutputLayer(model)
    hidden = torch.randn(3, 2, 16, generator=torch.Generator().manual_seed(0)) * 50
    monkeypatch.setattr("promptlab.model.output._CHUNK", 1)  # then 1024 pieces at a time
    expected = model.lm_head(hidden).logsumexp(-1)
    torch.testing.assert_close(output.log_norm(hidden), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_one_piece_a_slot_has_the_score_that_all_pieces_have(name: str) -> None:
    lm = tiny(name)
    hidden = reading(lm, several_slots(lm), TEXTS).hidden
    ids = torch.arange(hidden.shape[0] * hidden.shape[1]).view(hidden.shape[:2]) + 7
    everything = lm.output.logits(hidden)
    torch.testing.assert_close(
        lm.output.logits_at(hidden, ids), everything.gather(-1, ids[..., None]).squeeze(-1), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("name", ["albert", "electra", "opt", "gemma2"])
def test_width_is_what_the_output_layer_sees_not_the_model_s_hidden_size(name: str) -> None:
    lm = tiny(name)
    assert reading(lm, several_slots(lm), TEXTS).hidden.shape[-1] == lm.output.width
    assert (lm.output.width == lm.model.config.hidden_size) == (name == "gemma2")


def test_the_likeliest_pieces_and_ranks_are_those_of_the_whole_vocabulary() -> None:
    lm = tiny("bert")
    readout = reading(lm, "{text} It was {mask}.", TEXTS)
    everything = readout.tokens(range(lm.pieces))
    ids, logprobs = readout.top(5)
    best = everything.topk(5)
    assert torch.equal(ids, best.indices)
    torch.testing.assert_close(logprobs, best.values)
    assert readout.ranks(ids[0, 0]).tolist()[0][0] == [1, 2, 3, 4, 5]
    assert readout.top(10_000)[0].shape[-1] == lm.pieces


@pytest.mark.parametrize("name", MASKED)
def test_a_model_s_log_probabilities_sum_to_one(name: str) -> None:
    lm = tiny(name)
    total = reading(lm, "{text} {mask}.", TEXTS).tokens(range(lm.pieces)).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), atol=1e-5, rtol=1e-5)


def test_scores_of_every_piece_are_exact_in_vectors_of_another_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layer is copied a part at a time: the last part is shorter."""
    lm = tiny("bert", "bfloat16")
    readout = reading(lm, "{text} It was {mask}.", TEXTS)
    monkeypatch.setattr("promptlab.model.output._COPIED", lm.pieces // 2 - 3)
    whole = lm.output.logits(readout.vectors)
    torch.testing.assert_close(lm.output.every_logit(readout.vectors), whole, atol=1e-5, rtol=1e-5)
