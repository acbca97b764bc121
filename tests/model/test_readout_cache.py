"""Readings kept: the same numbers without a call, other numbers under another key."""

import os
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
TEMPLATE = "{text} It was {mask}."
ARRAYS = {"hidden": torch.arange(24, dtype=torch.bfloat16).view(2, 3, 4), "log_norm": torch.ones(2, 3)}


def kept(lm: LanguageModel, cache: ReadoutCache, template: str = TEMPLATE, **options: Any) -> Readout:
    return Readout.join(lm.read(Template.parse(template), examples(TEXTS), cache=cache, **options))


def same(found: dict[str, Tensor] | None, expected: dict[str, Tensor] = ARRAYS) -> bool:
    return found is not None and all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "bart"])
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_a_second_reading_makes_no_call_and_has_the_same_numbers(name: str, where: str, tmp_path: Path) -> None:
    lm = tiny(name)
    cache = ReadoutCache(tmp_path if where == "disk" else None)
    first = kept(lm, cache, "{text} It was {mask}")
    calls = lm.calls
    again = ReadoutCache(tmp_path) if where == "disk" else cache
    second = kept(lm, again, "{text} It was {mask}")
    assert lm.calls == calls
    assert (again.hits, again.note) == (1, "")
    for field in ("hidden", "log_norm", "rows", "cut"):
        assert torch.equal(getattr(first, field), getattr(second, field))
    scores = [readout.words(["great", "terrible"]) for readout in (first, second)]
    assert torch.equal(scores[0], scores[1])


def test_other_words_make_no_call() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    kept(lm, cache)
    calls = lm.calls
    kept(lm, cache).words(["good", "bad", "fine"])
    assert lm.calls == calls


def test_windows_are_kept_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.model.reading.WINDOW", 2)
    lm, cache = tiny("bert"), ReadoutCache()
    first = kept(lm, cache)
    calls = lm.calls
    second = kept(lm, cache)
    assert lm.calls == calls
    assert second.rows.tolist() == [0, 1, 2]
    assert torch.equal(first.hidden, second.hidden)


def test_a_reading_that_was_not_finished_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    monkeypatch.setattr(lm, "token_budget", 1)
    shards = lm.read(Template.parse(TEMPLATE), examples(TEXTS), cache=cache)
    next(shards)
    shards.close()
    calls = lm.calls
    kept(lm, cache)
    assert lm.calls == calls + 3


def changed_weights() -> LanguageModel:
    model = build("bert")
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight[0, 0] += 1e-3
    return wrap_model(model, tokenizer("bert"), name="bert")


def trained_weights() -> LanguageModel:
    lm = wrap_model(build("bert"), tokenizer("bert"), name="bert")
    lm.fingerprint = tiny("bert").state_key()
    lm.model.bert.encoder.layer[1].output.dense.bias.requires_grad_(True)
    return lm


OTHERS = {
    "another template": (lambda: tiny("bert"), {"template": "{text} It is {mask}."}),
    "another text behind the slot": (lambda: tiny("bert"), {"template": "{text} It was {mask}!"}),
    "another precision": (lambda: tiny("bert", "bfloat16"), {}),
    "other weights": (changed_weights, {}),
    "trained weights": (trained_weights, {}),
    "soft vectors": (lambda: tiny("bert"), {"soft": torch.ones(1, 32)}),
    "a shorter limit": (lambda: tiny("bert"), {"template": "{text|limit 2} It was {mask}."}),
    "demonstrations": (
        lambda: tiny("bert"),
        {"template": "{demos}{text} It was {mask}.", "demonstrations": [({"text": "no"}, ("bad",))]},
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_changes_the_numbers_has_another_key(other: str) -> None:
    make, options = OTHERS[other]
    cache = ReadoutCache()
    kept(tiny("bert"), cache)
    lm = make()
    calls = lm.calls
    kept(lm, cache, **options)
    assert lm.calls > calls


def test_soft_vectors_of_other_values_have_another_key() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    template = "{text} {soft:1} {mask}."
    one = kept(lm, cache, template, soft=torch.ones(1, 32))
    other = kept(lm, cache, template, soft=torch.linspace(0, 1, 32)[None])
    assert not torch.equal(one.hidden, other.hidden)


def test_weights_that_moved_in_place_have_another_key() -> None:
    lm, cache = trained_weights(), ReadoutCache()
    kept(lm, cache)
    with torch.no_grad():
        lm.model.bert.encoder.layer[1].output.dense.bias += 1
    calls = lm.calls
    kept(lm, cache)
    assert lm.calls > calls


def test_the_same_pieces_by_another_way_are_the_same_reading() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    kept(lm, cache, "{text} It was {mask}.")
    calls = lm.calls
    kept(lm, cache, "{text} it  was {mask} .")
    assert lm.calls == calls


def test_the_oldest_files_leave_when_the_disk_limit_is_reached(tmp_path: Path) -> None:
    ReadoutCache(tmp_path).put("key", ARRAYS)
    size = (tmp_path / "key.readout").stat().st_size
    cache = ReadoutCache(tmp_path, disk_limit=3 * size + 10)
    for key, time in (("a", 10), ("key", 5), ("b", 12)):
        cache.put(key, ARRAYS)
        os.utime(tmp_path / f"{key}.readout", (time, time))
    cache.put("c", ARRAYS)
    assert [path.stem for path in cache.files()] == ["a", "b", "c"]


def test_a_hit_makes_a_file_new_again(tmp_path: Path) -> None:
    ReadoutCache(tmp_path).put("key", ARRAYS)
    os.utime(tmp_path / "key.readout", (5, 5))
    ReadoutCache(tmp_path).get("key")
    assert (tmp_path / "key.readout").stat().st_mtime > 5


def test_the_oldest_arrays_leave_memory_and_the_newest_always_stays() -> None:
    size = sum(array.nbytes for array in ARRAYS.values())
    cache = ReadoutCache(memory_limit=2 * size)
    for key in ("a", "b"):
        cache.put(key, ARRAYS)
    cache.get("a")
    cache.put("c", ARRAYS)
    assert [cache.get(key) is not None for key in ("a", "b", "c")] == [True, False, True]
    small = ReadoutCache(memory_limit=1)
    small.put("a", ARRAYS)
    assert same(small.get("a"))


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = ReadoutCache()
    cache.put("key", ARRAYS)
    assert same(cache.get("key"))
    assert cache.files() == []
    assert list(tmp_path.iterdir()) == []


def test_the_user_s_cache_is_open_to_the_user_alone(own_cache: Path) -> None:
    cache = ReadoutCache.on_disk()
    assert cache.folder is not None and cache.folder.is_relative_to(own_cache)
    assert cache.folder.stat().st_mode & 0o077 == 0


def test_clearing_removes_what_is_kept_what_was_damaged_and_what_was_never_finished(tmp_path: Path) -> None:
    cache = ReadoutCache(tmp_path)
    for key in ("a", "b"):
        cache.put(key, ARRAYS)
    (tmp_path / "a.readout").write_bytes(b"")
    ReadoutCache(tmp_path).get("a")
    (tmp_path / ".c.readout.x.new").touch()  # as a process that was killed leaves it
    assert cache.clear() == 3
    assert list(tmp_path.iterdir()) == []
    assert cache.get("b") is None
