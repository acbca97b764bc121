"""Models from nothing: each family learns, answers at slots and is accepted everywhere; vocabularies fit their text."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import reading
from training_runs import FEW, FLOAT, finished, notes, toy_text

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.models import check_model
from promptlab.model.language_model import Family
from promptlab.model.training import Texts, pretrain
from promptlab.model.training.vocabulary import measure, new_tokenizer

THAI = "ภาษาไทยไม่มีช่องว่างระหว่างคำ"
CHINESE = "中文句子里没有空格。模型应当读它。"


@pytest.mark.parametrize(("family", "kind"), [("masked", "bert"), ("causal", "llama"), ("seq2seq", "t5")])
def test_a_new_model_learns_and_is_an_ordinary_model(family: str, kind: str, tmp_path: Path) -> None:
    text = Texts([toy_text(tmp_path / "text.txt", documents=600)])
    settings = replace(FEW, steps=6, learning_rate=4e-3)
    events = list(pretrain(family, "tiny", text, tmp_path / "out", settings=settings, place=FLOAT))
    result = finished(events)
    assert (result["family"], result["type"]) == (family, kind)
    assert result["validation_loss"] < 0.9 * result["validation_loss_before"]
    assert result["validation_loss_before"] < math.log(result["vocabulary"]) + 2  # no worse than a guess, nearly
    assert any("The vocabulary has" in note and "not 8,000" in note for note in notes(events))
    lm = check_model(str(tmp_path / "out"))
    assert lm.family == family and (family == "seq2seq" or lm.max_length == 32)
    scores = reading(lm, "the movie is a {mask}", ["a"]).words(["terrible", "game"])
    assert np.isfinite(scores.numpy()).all()


def test_unknown_families_and_sizes_are_refused_with_the_nearest(tmp_path: Path) -> None:
    text = Texts([toy_text(tmp_path / "text.txt")])
    for arguments, sentence in (
        (("mask", "tiny"), "Unknown family 'mask'. Did you mean 'masked'?"),
        (("causal", "smal"), "Unknown size 'smal'. Did you mean 'small'?"),
    ):
        with pytest.raises(ConfigError, match="Known: ") as error:
            next(pretrain(*arguments, text, tmp_path / "out"))
        assert sentence in str(error.value)
    with pytest.raises(ConfigError, match="--vocabulary 20: it is at least 300"):
        next(pretrain("masked", "tiny", text, tmp_path / "out", vocabulary=20))


def test_too_little_text_for_a_vocabulary_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a short text\n" * 20)
    with pytest.raises(DataError, match=r"240 characters, and at least 30,000 are needed"):
        list(pretrain("masked", "tiny", Texts([tmp_path / "a.txt"]), tmp_path / "out", settings=FEW, place=FLOAT))


@pytest.mark.parametrize("family", ["masked", "causal", "seq2seq"])
@pytest.mark.parametrize("sentence", [THAI, CHINESE, "Größe ist nicht alles, naïve Leute sagen das."])
def test_a_vocabulary_reads_its_language_without_unknown_pieces(family: Family, sentence: str) -> None:
    documents = [sentence * 3] * 1000
    made: Any = new_tokenizer(family, documents, measure(documents), size=400, lowercase=False, sequence=64)
    ids = made(sentence, add_special_tokens=False).input_ids
    assert made.unk_token_id is None or made.unk_token_id not in ids
    assert "".join(made.decode(ids).split()) == "".join(sentence.split())
    assert len(made) <= 400 or family == "causal"


def test_capitals_are_kept_or_lowered_and_accents_stay() -> None:
    documents = ["Été and Winter in PARIS"] * 2000
    kept, lowered = (
        new_tokenizer("masked", documents, measure(documents), size=300, lowercase=lowercase, sequence=64)
        for lowercase in (False, True)
    )
    assert kept.tokenize("Été PARIS") == ["Été", "PARIS"]
    assert lowered.tokenize("Été PARIS") == ["été", "paris"]


def test_sentinels_and_frames_are_those_of_the_family() -> None:
    documents = ["one two three four five"] * 2000
    t5 = new_tokenizer("seq2seq", documents, measure(documents), size=300, lowercase=False, sequence=64)
    assert t5.convert_tokens_to_ids("<extra_id_99>") < len(t5) and t5("one").input_ids[-1] == t5.eos_token_id
    bert = new_tokenizer("masked", documents, measure(documents), size=300, lowercase=False, sequence=64)
    assert bert.tokenize("one [MASK] two") == ["one", "[MASK]", "two"]
    assert bert("one").input_ids == [bert.cls_token_id, *bert.convert_tokens_to_ids(["one"]), bert.sep_token_id]
