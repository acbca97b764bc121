"""Models from folders: every family loads and answers as before it was saved, checked the first time."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_models import EVERY, build, examples, reading, saved, tiny

from promptlab.errors import ModelError
from promptlab.model import LanguageModel, Readout, load_model
from promptlab.model import load as loading
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models whose answers are checked, as they are."""
    names: list[str] = []
    check = loading.check_answers

    def counted(lm: LanguageModel) -> None:
        names.append(lm.name)
        check(lm)

    monkeypatch.setattr(loading, "check_answers", counted)
    return names


@pytest.mark.parametrize("name", EVERY)
def test_every_family_loads_from_a_folder_and_answers_as_before_it_was_saved(name: str, shelf: Path) -> None:
    lm = load_model(str(saved(name, shelf)), dtype="float32", device="cpu")
    before = tiny(name)
    assert (lm.family, lm.max_length, lm.pieces, lm.dtype) == (
        before.family,
        before.max_length,
        before.pieces,
        "float32",
    )
    found, expected = (reading(each, "{text} It was {mask}", TEXTS) for each in (lm, before))
    torch.testing.assert_close(found.tokens(range(99)), expected.tokens(range(99)), atol=1e-5, rtol=1e-5)
    texts = examples(TEXTS)
    template = Template.parse("{text} It was {mask}")
    wholes = [Readout.join(each.read(template, texts, words=["not relevant"])).columns for each in (lm, before)]
    torch.testing.assert_close(wholes[0]["not relevant"], wholes[1]["not relevant"], atol=1e-4, rtol=1e-4)


def test_answers_are_checked_at_the_first_loading_only(shelf: Path, checks: list[str]) -> None:
    place = str(saved("bert", shelf))
    for _ in range(2):
        load_model(place, dtype="bfloat16")
    assert checks == [place]


def test_a_model_whose_files_changed_is_checked_again(folder: Callable[[str], Path], checks: list[str]) -> None:
    place = folder("bert")
    first = load_model(str(place), dtype="float32")
    model = build("bert")
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight += 0.1
    model.save_pretrained(place)
    second = load_model(str(place), dtype="float32")
    assert len(checks) == 2
    assert first.fingerprint != second.fingerprint


def test_a_copy_elsewhere_has_the_same_fingerprint_and_is_not_checked_again(
    folder: Callable[[str], Path], shelf: Path, checks: list[str]
) -> None:
    original = load_model(str(saved("bert", shelf)), dtype="float32")
    copy = load_model(str(folder("bert")), dtype="float32")
    assert copy.fingerprint == original.fingerprint
    assert len(checks) == 1


def test_without_a_cache_that_can_be_written_a_model_loads_all_the_same(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "file" / "inside"))
    assert load_model(str(saved("bert", shelf)), dtype="float32").family == "masked"


def test_a_revision_of_what_has_none_is_refused() -> None:
    with pytest.raises(ModelError, match="only a hub's models have revisions"):
        load_model("embedded", revision="abc")
