import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from promptlab.errors import DataError
from promptlab.jobs.engine.guess import guess
from promptlab.jobs.engine.held import Held
from promptlab.jobs.engine.live_rows import choose_live
from promptlab.jobs.wire import Request
from promptlab.task import Example, Task


def asked(reference: Path | str, tmp_path: Path, **task: str) -> dict[str, Any]:
    request = Request(1, "guess", fields={"task": {"reference": str(reference), **task}})
    return guess(Held(tmp_path), request, lambda event: None)


def written(path: Path, rows: Sequence[str]) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def rows(count: int, *, split: str = "row") -> list[Example]:
    return [Example({"text": "x" * number}, "ab"[number % 2], f"{split}:{number}") for number in range(count)]


def test_the_sample_is_guessed_whole(tmp_path: Path) -> None:
    found = asked("sample", tmp_path)
    assert (found["text"], found["label"], found["columns"]) == ("text", "label", ["text", "label"])
    assert found["splits"] == {"train": 80, "dev": 60, "test": 60, "unlabelled": 0}
    assert sum(found["label_counts"].values()) == 200
    assert found["template"]["name"] == "sst2#it-was" and found["kind"] == "sst2"
    assert found["words"] == {"words": {"negative": ["negative"], "positive": ["positive"]}}
    assert found["live"] == {"split": "dev", "n": 60, "total": 60, "sentence": "dev, 60 rows"}
    assert len(found["first"]) == 8 and found["problem"] == ""


def test_bare_numbers_and_truth_values_ask_for_words(tmp_path: Path) -> None:
    for name, labels in (("numbers", "01"), ("truth", ("True", "False"))):
        table = written(
            tmp_path / f"{name}.csv", ["text,label", *(f"some text {n},{labels[n % 2]}" for n in range(30))]
        )
        found = asked(table, tmp_path)
        assert found["numbers"] is True and found["words"] is None
        assert "give each a word" in found["words_note"]


def test_a_corrected_column_and_named_labels_are_taken(tmp_path: Path) -> None:
    lines = [f"first {n},second {n},{n % 2},{'xy'[n % 2]}" for n in range(30)]
    table = written(tmp_path / "t.csv", ["text,other,label,kind", *lines])
    found = asked(table, tmp_path, text="other", label="kind", labels="x=calm,y=angry")
    assert (found["text"], found["label"], found["labels"]) == ("other", "kind", ["calm", "angry"])
    assert found["first"][0] == {
        "cells": {"text": "first 0", "other": "second 0", "label": "0", "kind": "x"},
        "label": "calm",
    }


def test_a_table_without_labels_is_shown_with_its_problem(tmp_path: Path) -> None:
    found = asked(written(tmp_path / "t.csv", ["text", *(f"the text {n}" for n in range(30))]), tmp_path)
    assert found["labels"] == [] and found["live"]["n"] == 0
    assert "label" in found["problem"] and found["first"][0]["cells"] == {"text": "the text 0"}


def test_long_cells_are_cut_and_an_edited_file_is_read_again(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", ["text,label", *(f"{'long ' * 200},{'ab'[n % 2]}" for n in range(20))])
    held = Held(tmp_path)
    request = Request(1, "guess", fields={"task": {"reference": str(table)}})
    assert len(guess(held, request, lambda event: None)["first"][0]["cells"]["text"]) == 200
    written(table, ["text,label", *(f"short,{'cd'[n % 2]}" for n in range(20))])
    assert guess(held, request, lambda event: None)["labels"] == ["c", "d"]


def test_dev_goes_before_a_sample_of_train_and_test_comes_last() -> None:
    few, many = rows(40), rows(700)
    assert choose_live(Task("t", ("a", "b"), train=many, dev=few, test=many)).split == "dev"
    train = choose_live(Task("t", ("a", "b"), train=many, test=few))
    assert (train.split, len(train.rows), train.total) == ("train", 500, 700)
    assert train.sentence == "train, 500 of 700 rows (seed 13)"
    assert choose_live(Task("t", ("a", "b"), test=few, source="folder")).split == "test"
    assert choose_live(Task("t", ("a", "b"), test=few, source="one.csv")).split == "all"
    with pytest.raises(DataError):
        choose_live(Task("t", ("a", "b"), unlabelled=few))


def test_the_order_is_seeded_and_neither_the_files_nor_by_length() -> None:
    task = Task("t", ("a", "b"), dev=rows(200))
    live = choose_live(task)
    first = list(next(live.chunks()))
    assert live.order == choose_live(task).order != choose_live(task, seed=14).order
    assert len(first) == 32 and max(first) > 150 and min(first) < 50
    assert first != sorted(first) and first != sorted(first, reverse=True)


def test_every_row_is_in_one_chunk_and_chunks_grow() -> None:
    chunks = list(choose_live(Task("t", ("a", "b"), dev=rows(3000))).chunks())
    assert sorted(place for chunk in chunks for place in chunk) == list(range(3000))
    assert [len(chunk) for chunk in chunks[:6]] == [32, 64, 128, 256, 512, 512]


def test_all_begins_with_the_chunks_that_are_read_live() -> None:
    task = Task("t", ("a", "b"), train=rows(1500))
    live, every = choose_live(task), choose_live(task, "all")
    read_live = [[live.rows[place].id for place in chunk] for chunk in live.chunks()]
    read_all = [[every.rows[place].id for place in chunk] for chunk in every.chunks()]
    assert read_all[: len(read_live)] == read_live
    assert sorted(name for chunk in read_all for name in chunk) == sorted(row.id for row in task.train)


def test_a_guess_brings_in_no_torch() -> None:
    code = """
import sys
from pathlib import Path
from promptlab.jobs.engine.dispatch import HANDLERS, _handle_of
from promptlab.jobs.engine.held import Held
from promptlab.jobs.wire import Request
held, request = Held(Path()), Request(1, "guess", fields={"task": {"reference": "sample"}})
_handle_of(held, request)(held, request, print)
print(sorted({"torch", "transformers", "sklearn", "scipy", "nltk"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
