"""Rows in batches: padding, budgets, order and windows change nothing; memory that runs out halves the budget."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tiny_models import CAUSAL, EVERY, build, examples, reading, slot_last, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.errors import ModelError
from promptlab.model import LanguageModel, Readout, wrap_model
from promptlab.template import Template

TEXTS = (
    "The plot is dull.",
    "I love this film, and the story is good too, as all in all the cast was great",
    "",
    "A bad movie",
    "It was not very good.",
    "no",
    "The president said on Monday that the market will rise",
)


def template_for(lm: LanguageModel) -> str:
    return "{text} It was {mask}" if slot_last(lm) else "{text} It was {mask}, all in all."


@pytest.mark.parametrize("name", EVERY)
def test_ragged_rows_read_together_answer_as_each_alone(name: str) -> None:
    lm = tiny(name)
    together = reading(lm, template_for(lm), TEXTS)
    for row, text in enumerate(TEXTS):
        alone = reading(lm, template_for(lm), [text])
        torch.testing.assert_close(together.tokens(range(99))[row], alone.tokens(range(99))[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["bert", "deberta-v2", "modernbert", "gpt2", "gemma3", "t5", "bart"])
@pytest.mark.parametrize("budget", [1, 50])
def test_the_token_budget_changes_the_batches_and_not_the_answers(
    name: str, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = tiny(name)
    roomy = reading(lm, template_for(lm), TEXTS)
    monkeypatch.setattr(lm, "token_budget", budget)
    before = lm.calls
    tight = reading(lm, template_for(lm), TEXTS)
    assert lm.calls - before > 1
    torch.testing.assert_close(tight.tokens(range(99)), roomy.tokens(range(99)), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["roberta", "albert", "opt", "t5-v1.1"])
def test_permuted_rows_give_permuted_answers(name: str) -> None:
    lm = tiny(name)
    order = [3, 0, 6, 2, 5, 1, 4]
    plain = reading(lm, template_for(lm), TEXTS).tokens(range(99))
    permuted = reading(lm, template_for(lm), [TEXTS[place] for place in order]).tokens(range(99))
    torch.testing.assert_close(permuted, plain[order], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["bert", "llama3", "bart"])
def test_rows_read_over_several_windows_answer_as_in_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny(name)
    one = reading(lm, template_for(lm), TEXTS)
    monkeypatch.setattr("promptlab.model.reading.WINDOW", 3)
    several = reading(lm, template_for(lm), TEXTS)
    assert several.rows.tolist() == list(range(len(TEXTS)))
    torch.testing.assert_close(several.tokens(range(99)), one.tokens(range(99)), atol=1e-5, rtol=1e-5)
    assert torch.equal(several.cut, one.cut)


def test_shards_say_which_rows_they_hold_and_hold_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = tiny("bert")
    monkeypatch.setattr(lm, "token_budget", 30)
    shards = list(lm.read(Template.parse("{text} {mask}"), examples(TEXTS)))
    assert len(shards) > 2
    assert sorted(row for shard in shards for row in shard.rows.tolist()) == list(range(len(TEXTS)))


def test_no_rows_are_no_shards() -> None:
    assert list(tiny("bert").read(Template.parse("{text} {mask}"), [])) == []


@pytest.mark.parametrize("name", CAUSAL)
def test_padding_on_the_right_leaves_the_last_real_piece_to_answer(name: str) -> None:
    lm = tiny(name)
    prompts = lm.encode(Template.parse("{text} It was {mask}"), examples(TEXTS[:2]))
    rows = [lm.place(prompt) for prompt in prompts]
    batch = lm.batch(rows)
    assert batch.slots.squeeze(1).tolist() == (batch.mask.sum(1) - 1).tolist()


class Cramped(torch.nn.Module):
    """A real model whose memory holds only so many rows."""

    def __init__(self, model: Any, most: int, error: Exception) -> None:
        super().__init__()
        self.inner, self.most, self.error = model, most, error
        self.config, self.base_model_prefix = model.config, model.base_model_prefix
        self.refused = 0

    def get_output_embeddings(self) -> Any:
        return self.inner.get_output_embeddings()

    def get_input_embeddings(self) -> Any:
        return self.inner.get_input_embeddings()

    def forward(self, **inputs: Any) -> Any:
        if len(inputs["attention_mask"]) > self.most:
            self.refused += 1
            raise self.error
        return self.inner(**inputs)


OUT = (
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
)


def cramped(name: str, *, most: int, error: Exception) -> LanguageModel:
    lm = wrap_model(Cramped(build(name), 99, error), tokenizer(tokenizer_kind(name)), name=name)
    lm.model.most = most
    return lm


@pytest.fixture(params=["bert", "t5"])
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


@pytest.mark.parametrize("error", OUT, ids=["cuda", "cpu", "mps"])
def test_when_memory_runs_out_the_budget_is_halved_and_the_answers_are_the_same(name: str, error: Exception) -> None:
    lm = cramped(name, most=2, error=error)
    asked = lm.token_budget
    readout = reading(lm, "{text} It was {mask}", TEXTS)
    exact = reading(tiny(name), "{text} It was {mask}", TEXTS)
    torch.testing.assert_close(readout.tokens(range(99)), exact.tokens(range(99)), atol=1e-5, rtol=1e-5)
    assert 0 < lm.model.refused <= 3
    assert lm.token_budget < asked


def test_the_budget_in_effect_is_kept_for_the_next_reading() -> None:
    lm = cramped("bert", most=2, error=OUT[0])
    reading(lm, "{text} It was {mask}", TEXTS)
    in_effect, refused = lm.token_budget, lm.model.refused
    reading(lm, "{text} It was {mask}", TEXTS[:2])
    assert (lm.token_budget, lm.model.refused) == (in_effect, refused)


def test_a_single_row_that_does_not_fit_is_said_with_its_length() -> None:
    lm = cramped("bert", most=0, error=OUT[0])
    with pytest.raises(ModelError, match=r"One row of 6 pieces does not fit into the memory of cpu"):
        reading(lm, "{text} It was {mask}", ["good"])


def test_other_errors_of_the_model_pass_through() -> None:
    lm = cramped("bert", most=0, error=RuntimeError("CUDA error: device-side assert triggered"))
    with pytest.raises(RuntimeError, match="device-side assert"):
        reading(lm, "{text} It was {mask}", TEXTS)


def test_words_read_whole_also_survive_a_full_memory() -> None:
    lm = cramped("bert", most=2, error=OUT[0])
    template = Template.parse("{text} It was {mask}")
    word = "not relevant"
    column = Readout.join(lm.read(template, examples(TEXTS), words=[word])).columns[word]
    exact = Readout.join(tiny("bert").read(template, examples(TEXTS), words=[word])).columns[word]
    torch.testing.assert_close(column, exact, atol=1e-5, rtol=1e-5)


def test_answers_that_are_not_finite_are_refused_with_a_remedy() -> None:
    lm = wrap_model(build("bert"), tokenizer("bert"))
    with torch.no_grad():
        lm.output.weight[9] = float("nan")
    with pytest.raises(ModelError, match=r"not finite in float32\. Use --dtype"):
        reading(lm, "{text} It was {mask}", TEXTS)
