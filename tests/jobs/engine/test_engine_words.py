"""``words`` and ``what_if``: exact, and against the words changed one by one and scored again."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from live_readings import WORDS, Asked, begun

from promptlab.errors import ConfigError
from promptlab.jobs.engine.words import what_if, words
from promptlab.model import LanguageModel
from promptlab.model.candidates import whole_words
from promptlab.verbalizer import CalibrationKind, LabelWords, Word, from_table, to_table

TABLE = from_table(WORDS, where="test")
SEVERAL: dict[str, Any] = {
    "words": {
        "negative": ["terrible", {"text": "bad", "weight": 2.0}, {"text": "dull", "on": False, "weight": 3.0}],
        "positive": ["great", "good", "fine"],
    }
}


@pytest.fixture(scope="module")
def asked(embedded: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return begun(embedded, tmp_path_factory.mktemp("engine"))


def accuracy(asked: Asked, table: LabelWords) -> float:
    return asked.reading.scores(table, None).scores.accuracy


def with_row(table: LabelWords, label: str, row: tuple[Word, ...]) -> LabelWords:
    return replace(table, words={**table.words, label: row})


@pytest.mark.parametrize("combine", ["mean", "logsumexp", "max"])
def test_effects_are_what_figures_of_the_grown_words_say(asked: Asked, combine: str) -> None:
    given = {**SEVERAL, "combine": combine}
    table = from_table(given, where="test")
    add = {"positive": ["superb", "film", "warm"], "negative": ["awful", "dull", "boring"]}
    found = asked(what_if, words=given, calibration=None, add=add)
    assert found["n"] == 60 and found["notes"] == []
    now = accuracy(asked, table)
    for label, row in add.items():
        for text in row:
            there = {str(word): word for word in table.words[label]}
            new = replace(there[text], on=True) if text in there else Word(text)
            kept = tuple(word for word in table.words[label] if str(word) != text)
            changed = accuracy(asked, with_row(table, label, (*kept, new))) - now
            assert found["effects"][label][text]["effect"] == pytest.approx(changed, abs=1e-9)


@pytest.mark.parametrize("combine", ["mean", "logsumexp", "max"])
def test_a_words_worth_is_what_figures_without_it_say(asked: Asked, combine: str) -> None:
    given = {**SEVERAL, "combine": combine}
    table = from_table(given, where="test")
    found = asked(words, words=given, calibration=None)["words"]
    for label, row in table.words.items():
        for word, seen in zip(row, found[label], strict=True):
            assert seen["word"] == str(word)
            if not word.on:
                assert seen["removed"] is None
                continue
            without = with_row(table, label, tuple(one for one in row if one != word))
            assert seen["removed"] == pytest.approx(accuracy(asked, without) - accuracy(asked, table), abs=1e-9)


def test_a_frozen_calibration_stays_for_every_change_and_that_is_said(asked: Asked, embedded: LanguageModel) -> None:
    kind: CalibrationKind = "batch"
    asked.reading.read_support(TABLE, kind, _Nowhere())
    frozen = asked.reading.pipeline(TABLE, kind)
    assert frozen.words is not None and frozen.words.calibration is not None
    found = asked(what_if, words=WORDS, calibration=kind, add={"positive": ["superb", "good"]})
    assert any("stays as it is" in note for note in found["notes"])
    readout, places = asked.reading.snapshot()
    targets = [asked.reading.task.labels.index(asked.reading.rows[place].label or "") for place in places]

    def right(table: LabelWords) -> int:
        logprobs = frozen.with_words(table).verbalizer(replace(readout, memo={}))
        return int((logprobs.argmax(1) == torch.tensor(targets)).sum())

    for text in ("superb", "good"):
        grown = with_row(frozen.words, "positive", (*frozen.words.words["positive"], Word(text)))
        expected = (right(grown) - right(frozen.words)) / 60
        assert found["effects"]["positive"][text]["effect"] == pytest.approx(expected, abs=1e-9)


class _Nowhere:
    def get(self, key: str) -> None:
        return None

    def put(self, key: str, arrays: dict[str, torch.Tensor]) -> None:
        return None


def test_priors_are_mean_probabilities_over_the_rows_read(asked: Asked) -> None:
    readout, _ = asked.reading.snapshot()
    expected = readout.words(["terrible"])[:, 0, 0].double().exp().mean().log()
    assert asked(words, words=WORDS)["words"]["negative"][0]["prior"] == pytest.approx(float(expected), abs=1e-4)
    tried = asked(what_if, words=WORDS, add={"positive": ["superb"]})["effects"]["positive"]["superb"]
    expected = readout.words(["superb"])[:, 0, 0].double().exp().mean().log()
    assert tried["prior"] == pytest.approx(float(expected), abs=1e-4) and tried["pieces"] == ["superb"]


def test_the_only_word_of_a_label_has_no_worth(asked: Asked) -> None:
    found = asked(words, words=WORDS)["words"]
    assert found["positive"][0]["removed"] is None and found["negative"][0]["removed"] is not None


def test_what_is_awkward_about_words_is_said(asked: Asked) -> None:
    table = {"words": {"negative": ["unbearable", "untidily", "[MASK]"], "positive": ["great", "unputdownable"]}}
    found = asked(words, words=table)
    rows = {one["word"]: one for row in found["words"].values() for one in row}
    assert len(rows["unputdownable"]["pieces"]) > 1
    assert any("pieces" in sentence for sentence in rows["unputdownable"]["problems"])
    assert any("begins with the same piece as" in sentence for sentence in rows["unputdownable"]["problems"])
    assert rows["[MASK]"]["pieces"] == [] and "special piece" in rows["[MASK]"]["problems"][0]
    assert rows["great"]["problems"] == [] and set(rows["unputdownable"]["problems"]) <= set(found["warnings"])


def test_a_word_under_two_labels_is_a_problem_of_both_and_nothing_is_measured(asked: Asked) -> None:
    found = asked(words, words={"words": {"negative": ["fine", "bad"], "positive": ["Fine", "good"]}})
    for label, other in (("negative", "positive"), ("positive", "negative")):
        first, second = found["words"][label]
        assert any(f"is a word of '{other}' too" in sentence for sentence in first["problems"])
        assert second["removed"] is None and second["problems"] == [] and second["prior"] is not None
    assert found["warnings"] and "two labels" in found["warnings"][0]


def test_words_that_cannot_be_added_say_why(asked: Asked) -> None:
    add = {"positive": ["great", "Terrible", "[MASK]", " ", "good"]}
    found = asked(what_if, words=WORDS, add=add)["effects"]["positive"]
    assert "already" in found["great"]["problem"] and "a word of 'negative'" in found["Terrible"]["problem"]
    assert "special piece" in found["[MASK]"]["problem"] and "empty" in found[" "]["problem"]
    assert all(found[text]["effect"] is None for text in add["positive"][:4])
    assert found["good"]["problem"] == "" and found["good"]["effect"] is not None
    with pytest.raises(ConfigError, match=r"no label 'positiv'\. Did you mean 'positive'"):
        asked(what_if, words=WORDS, add={"positiv": ["good"]})


def test_words_that_must_be_read_whole_have_no_effect_until_they_are(asked: Asked) -> None:
    table = {**WORDS, "pieces": "whole"}
    found = asked(what_if, words=table, add={"positive": ["unputdownable", "good"]})
    split, single = found["effects"]["positive"]["unputdownable"], found["effects"]["positive"]["good"]
    assert split["effect"] is None and split["prior"] is None and len(split["pieces"]) > 1
    assert single["effect"] is not None and any("1 word must be read whole" in note for note in found["notes"])
    used = {"words": {"negative": ["terrible", "unputdownable"], "positive": ["great"]}, "pieces": "whole"}
    found = asked(words, words=used)
    assert [one["removed"] for one in found["words"]["negative"]] == [None, None]
    assert "must be read whole first" in found["warnings"][0]


def test_before_a_row_is_read_words_have_their_pieces_alone(embedded: LanguageModel, tmp_path: Path) -> None:
    asked = begun(embedded, tmp_path, rows=0)
    found = asked(words, words=WORDS)
    assert found["n"] == 0 and found["words"]["positive"][0]["pieces"] == ["great"]
    assert found["words"]["positive"][0]["prior"] is None
    tried = asked(what_if, words=WORDS, add={"positive": ["good"]})["effects"]["positive"]["good"]
    assert tried["effect"] is None and tried["pieces"] == ["good"]


def test_a_hundred_words_on_872_rows_take_50_milliseconds(asked: Asked, embedded: LanguageModel) -> None:
    """The best of five, as other work may share the machine."""
    reading, (readout, _) = asked.reading, asked.reading.snapshot()
    many = replace(readout.select(torch.arange(872) % 60), rows=torch.arange(872))
    from promptlab.jobs.engine.effects import Seen

    targets = torch.arange(872) % 2
    spelling = embedded.spelling(reading.template)
    tried = list(map(Word, [one for one in whole_words(embedded.tokens) if not spelling.is_split(one)][500:600]))
    taken = []
    for _ in range(5):
        seen = Seen(embedded, spelling, TABLE, replace(many, memo={}), targets)
        start = time.perf_counter()
        assert len(seen.added({"positive": tried})) == 100 and None not in seen.priors(tried)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.05


def test_a_thousand_words_of_a_label_are_weighed_at_once(asked: Asked, embedded: LanguageModel) -> None:
    spelling = embedded.spelling(asked.reading.template)
    every = [one for one in whole_words(embedded.tokens) if not spelling.is_split(one)]
    many = [one for one in every if one not in ("terrible", "bad")][300:1300]
    table = LabelWords({"negative": (Word("terrible"), Word("bad")), "positive": tuple(map(Word, many))})
    start = time.perf_counter()
    found = asked(words, words=to_table(table))["words"]["positive"]
    assert time.perf_counter() - start < 3 and len(found) == 1000 and found[500]["removed"] is not None
