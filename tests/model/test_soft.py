"""Soft vectors: set to the vectors of words they are those words, in every family."""

import pytest
import torch
from tiny_models import CAUSAL, EVERY, LM_ADAPTED, SEQ2SEQ, examples, reading, slot_last, tiny
from torch import Tensor

from promptlab.model import LanguageModel
from promptlab.model.encode import soft_count
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "", "A bad movie")


def start_vectors(lm: LanguageModel, template: Template) -> Tensor:
    """The input vectors (S, E) of the pieces that the template's soft parts start from."""
    (prompt,) = lm.encode(template, examples(["film"]))
    assert prompt.soft is not None
    rows = dict(zip(prompt.soft, prompt.ids, strict=True))
    ids = torch.tensor([rows[row] for row in range(1, soft_count(lm.tokens, template) + 1)])
    with torch.no_grad():
        return lm.model.get_input_embeddings()(ids)  # type: ignore[no-any-return]


def moved(vectors: Tensor) -> Tensor:
    """Other vectors of that size; a constant would not do, as layer norms take it out again."""
    return vectors + torch.randn(vectors.shape, generator=torch.Generator().manual_seed(1)) * vectors.std() * 2


def hard_and_soft(lm: LanguageModel) -> list[tuple[str, str]]:
    pairs = [
        ("{text} It was {mask}", "{text} {soft:It was} {mask}"),
        ("So {text} It was {mask}", "{soft:So} {text} It was {mask}"),
    ]
    return (
        pairs
        if slot_last(lm)
        else [*pairs, ("{text} It was {mask} and good.", "{text} It {soft:was#x} {mask} and good.")]
    )


@pytest.mark.parametrize("name", EVERY)
def test_soft_vectors_set_to_word_vectors_answer_as_the_words(name: str) -> None:
    lm = tiny(name)
    for hard, soft in hard_and_soft(lm):
        template = Template.parse(soft)
        expected = reading(lm, hard, TEXTS)
        found = reading(lm, template, TEXTS, soft=start_vectors(lm, template))
        torch.testing.assert_close(found.tokens(range(99)), expected.tokens(range(99)), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_an_untrained_soft_prompt_reads_as_the_pieces_it_starts_from(name: str) -> None:
    lm = tiny(name)
    for template in (
        Template.parse("{text} {soft:It was} {mask}"),
        Template.parse("{soft:3#x} {text} {soft:2} {mask}"),
    ):
        plain = reading(lm, template, TEXTS)
        given = reading(lm, template, TEXTS, soft=start_vectors(lm, template))
        torch.testing.assert_close(given.tokens(range(99)), plain.tokens(range(99)), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_other_vectors_answer_otherwise(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("{text} {soft:It was} {mask}")
    vectors = start_vectors(lm, template)
    other = reading(lm, template, TEXTS, soft=moved(vectors))
    assert (other.tokens(range(99)) - reading(lm, template, TEXTS).tokens(range(99))).abs().mean() > 0.05


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "bart"])
def test_places_of_one_name_take_the_same_vectors(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("So {soft:very#x} {text} It was {soft:very#x} {mask}")
    vectors = start_vectors(lm, template)
    assert vectors.shape[0] == 1
    spread = Template.parse("So {soft:very#x} {text} It was {soft:very#y} {mask}")
    other = moved(vectors)
    shared = reading(lm, template, TEXTS, soft=other)
    apart = reading(lm, spread, TEXTS, soft=torch.cat([other, other]))
    torch.testing.assert_close(shared.tokens(range(99)), apart.tokens(range(99)), atol=1e-6, rtol=1e-6)
    only_first = reading(lm, spread, TEXTS, soft=torch.cat([other, vectors]))
    assert (only_first.tokens(range(99)) - shared.tokens(range(99))).abs().mean() > 0.02


@pytest.mark.parametrize("name", EVERY)
def test_gradients_reach_every_soft_vector(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("{soft:2#x} {text} {soft:It was} {mask}")
    soft = start_vectors(lm, template).clone().requires_grad_()
    rows = [lm.place(prompt) for prompt in lm.encode(template, examples(TEXTS))]
    hidden, log_norm, _ = lm(lm.batch(rows), soft)
    (lm.output.logits(hidden)[..., 60] - log_norm).sum().backward()
    assert soft.grad is not None
    assert (soft.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize("name", [*CAUSAL, *SEQ2SEQ, LM_ADAPTED, "bert"])
def test_words_read_whole_are_read_with_the_soft_vectors(name: str) -> None:
    lm = tiny(name)
    template = Template.parse("{text} {soft:It was} {mask}")
    texts = examples(TEXTS)
    hard = next(iter(lm.read(Template.parse("{text} It was {mask}"), texts, words=["not relevant"])))
    vectors = start_vectors(lm, template)
    soft = next(iter(lm.read(template, texts, words=["not relevant"], soft=vectors)))
    other = next(iter(lm.read(template, texts, words=["not relevant"], soft=moved(vectors))))
    torch.testing.assert_close(soft.columns["not relevant"], hard.columns["not relevant"], atol=1e-5, rtol=1e-5)
    assert (other.columns["not relevant"] - soft.columns["not relevant"]).abs().mean() > 0.01


def test_soft_vectors_behind_a_causal_slot_have_no_log_probability_of_their_own() -> None:
    lm = tiny("gpt2")
    template = Template.parse("{text} is {mask} and {soft:2#x}")
    (prompt,) = lm.encode(template, examples(["film"]))
    row, due = lm.fill(prompt, lm.spelling(template).pieces("great"))
    assert [lm.tokens.entry(piece) for piece in due] == ["Ġgreat", "Ġand"]
    assert len(row.slots) == 2
    assert row.soft is not None and len(row.soft) == len(row.ids)
