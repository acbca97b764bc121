"""Depths in the cache: each under a key of its own, so that only what is missing is read."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import build, examples, tiny
from tiny_tokenizers import tokenizer
from torch import Tensor

from promptlab.model import LanguageModel, Readout, ReadoutCache, wrap_model
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")
TEMPLATE = Template.parse("{text} It was {mask}")


def read(lm: LanguageModel, cache: ReadoutCache | None, **options: Any) -> Readout:
    return Readout.join(lm.read(TEMPLATE, examples(TEXTS), cache=cache, **options))


def layers_called(lm: LanguageModel, cache: ReadoutCache, **options: Any) -> int:
    """How many layers of a tiny BERT were called while something was read."""
    called: list[int] = []
    hooks = [layer.register_forward_pre_hook(lambda *_: called.append(1)) for layer in lm.model.bert.encoder.layer]
    read(lm, cache, **options)
    for hook in hooks:
        hook.remove()
    return len(called)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "albert"])
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_depths_that_were_read_cost_no_call(name: str, where: str, tmp_path: Path) -> None:
    lm, folder = tiny(name), tmp_path if where == "disk" else None
    cache = ReadoutCache(folder)
    first = read(lm, cache, depths=[1, 2])
    calls = lm.calls
    again = cache if folder is None else ReadoutCache(folder)
    for options in (
        {"depths": [1, 2]},
        {"depths": [2], "top": False},
        {"depths": []},
        {"depths": [2, 1], "top": False},
    ):
        second = read(lm, again, **options)
        for depth in options["depths"]:
            assert torch.equal(second.at(depth), first.at(depth))
    assert lm.calls == calls


def test_only_what_was_asked_for_is_kept_and_at_its_own_size(tmp_path: Path) -> None:
    lm = tiny("bert", "bfloat16")
    read(lm, cache := ReadoutCache(tmp_path), depths=[2], top=False)
    (file,) = cache.files()
    numbers = len(TEXTS) * 1 * 32
    assert file.stat().st_size < 2 * numbers + 200
    read(lm, cache, depths=[2])
    assert len(cache.files()) == 2


def test_with_the_top_kept_a_missing_depth_is_read_no_higher_than_it_lies() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    top = read(lm, cache)
    assert layers_called(lm, cache, depths=[1]) == 1
    both = read(lm, cache, depths=[1])
    assert torch.equal(both.hidden, top.hidden) and torch.equal(both.log_norm, top.log_norm)
    torch.testing.assert_close(both.at(1), read(lm, None, depths=[1]).at(1), atol=0, rtol=0)


def test_with_a_depth_kept_the_top_is_read_once_and_then_kept() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    read(lm, cache, depths=[2], top=False)
    calls = lm.calls
    assert read(lm, cache, depths=[2]).depths == (2, "top")
    assert lm.calls == calls + 1
    read(lm, cache, depths=[2])
    read(lm, cache)
    assert lm.calls == calls + 1


def test_a_second_depth_is_read_by_itself() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    first = read(lm, cache, depths=[2], top=False)
    assert layers_called(lm, cache, depths=[1, 2], top=False) == 1
    assert torch.equal(read(lm, cache, depths=[1, 2], top=False).at(2), first.at(2))


def test_words_read_whole_are_read_once_beside_a_depth() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    read(lm, cache, words=["not relevant"])
    calls = lm.calls
    first = read(lm, cache, words=["not relevant"], depths=[1])
    assert lm.calls == calls + 1
    again = read(lm, cache, words=["not relevant"], depths=[1])
    assert lm.calls == calls + 1
    assert torch.equal(first.columns["not relevant"], again.columns["not relevant"])


def test_other_soft_vectors_have_other_depths() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    template = Template.parse("{text} {soft:1} {mask}")

    def at_one(soft: Tensor) -> Tensor:
        shards = lm.read(template, examples(TEXTS), cache=cache, soft=soft, depths=[1], top=False)
        return Readout.join(shards).at(1)

    assert not torch.equal(at_one(torch.ones(1, 32)), at_one(torch.linspace(0, 1, 32)[None]))


def test_windows_and_batches_change_no_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    lm, cache = tiny("gemma3"), ReadoutCache()
    one = read(lm, None, depths=[1])
    monkeypatch.setattr("promptlab.model.reading.WINDOW", 2)
    monkeypatch.setattr(lm, "token_budget", 1)
    for _ in range(2):
        several = read(lm, cache, depths=[1])
        assert several.rows.tolist() == [0, 1, 2]
        torch.testing.assert_close(several.at(1), one.at(1), atol=1e-5, rtol=1e-5)


def test_when_memory_runs_out_the_budget_is_halved_and_the_depth_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = wrap_model(build("bert"), tokenizer("bert"))
    exact = read(lm, None, depths=[1], top=False).at(1)
    layer, refused = lm.model.bert.encoder.layer[0], []

    def cramped(module: Any, args: tuple[Tensor, ...]) -> None:
        if len(args[0]) > 1:
            refused.append(len(args[0]))
            raise torch.OutOfMemoryError("CUDA out of memory")

    layer.register_forward_pre_hook(cramped)
    found = read(lm, None, depths=[1], top=False).at(1)
    assert refused == [3]
    torch.testing.assert_close(found, exact, atol=1e-5, rtol=1e-5)


def test_the_depths_of_some_rows_are_those_rows_depths() -> None:
    readout = read(tiny("bert"), None, depths=[1])
    some = readout.select(torch.tensor([2, 0]))
    assert torch.equal(some.at(1), readout.at(1)[[2, 0]])


def test_a_reading_takes_up_the_depths_of_another() -> None:
    lm = tiny("bert")
    words = read(lm, None)
    low = read(lm, None, depths=[1], top=False)
    both = words.with_depths(low)
    assert both.depths == (1, "top") and torch.equal(both.hidden, words.hidden)
    other = low.with_depths(words)
    assert other.depths == (1, "top")
    assert torch.equal(other.words(["good"]), words.words(["good"]))
