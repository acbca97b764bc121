"""Splits, samples, every row, few-shot draws and tasks made in Python."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import Example, every_row, few_shot, load_task, make_task, sample_rows, select_split

ONE = [("a", "x")]


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (("train", "dev", "test"), "dev"),
        (("train", "test"), "test"),
        (("train",), "train"),
    ],
)
def test_the_default_is_dev_else_test_else_train(splits: tuple[str, ...], expected: str) -> None:
    assert select_split(make_task(**dict.fromkeys(splits, ONE)), None)[0] == expected  # type: ignore[arg-type]


def test_a_single_file_is_all_rows(write: Write) -> None:
    task = load_task(write("mine.csv", "text,label\na,x\nb,y\n"))
    assert select_split(task, None)[0] == select_split(task, "test")[0] == select_split(task, "all")[0] == "all"


def test_a_file_named_like_a_split_is_that_split(write: Write) -> None:
    assert select_split(load_task(write("test.csv", "text,label\na,x\nb,y\n")), None)[0] == "test"


def test_an_unknown_or_empty_split_lists_what_there_is() -> None:
    task = make_task(train=ONE * 3, test=ONE)
    with pytest.raises(DataError, match=r"in a split 'dev'.* There is train \(3 rows\), test \(1 row\)"):
        select_split(task, "dev")
    with pytest.raises(DataError, match=r"Did you mean 'train'\?"):
        select_split(task, "trian")


def test_a_task_without_any_label_says_so() -> None:
    with pytest.raises(DataError, match="none of the 2 rows has a label"):
        select_split(make_task(["a", "b"]), None)


def test_a_selected_split_has_labelled_rows_only() -> None:
    assert [row.label for row in select_split(make_task([("a", "x"), "b", ("c", "y")]), None)[1]] == ["x", "y"]


class TestSample:
    """Seeded samples."""

    rows = make_task([(f"t{n}", "x") for n in range(100)]).test

    @given(limit=st.integers(1, 100), seed=st.integers(0, 5))
    def test_it_keeps_the_order_and_repeats_nothing(self, limit: int, seed: int) -> None:
        numbers = [int(row.id.removeprefix("test:")) for row in sample_rows(self.rows, limit, seed=seed)]
        assert len(numbers) == limit
        assert numbers == sorted(set(numbers))

    def test_one_seed_gives_one_sample(self) -> None:
        assert list(sample_rows(self.rows, 10)) == list(sample_rows(self.rows, 10, seed=13))
        assert list(sample_rows(self.rows, 10)) != list(sample_rows(self.rows, 10, seed=14))

    def test_it_is_the_generators_own_choice(self) -> None:
        chosen = sorted(random.Random(13).sample(range(100), 5))
        assert [row.fields["text"] for row in sample_rows(self.rows, 5)] == [f"t{n}" for n in chosen]

    @pytest.mark.parametrize("limit", [100, 101])
    def test_a_limit_above_the_rows_is_all_of_them(self, limit: int) -> None:
        assert sample_rows(self.rows, limit) is self.rows

    def test_a_limit_of_nothing_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="A limit of 0 rows"):
            sample_rows(self.rows, 0)

    def test_lazy_rows_give_the_same_rows(self, write: Write) -> None:
        content = "text,label\n" + "".join(f"t{n},x\n" for n in range(100))
        lazy = load_task(write("a.csv", content)).test
        assert [row.fields["text"] for row in sample_rows(lazy, 9)] == [
            row.fields["text"] for row in sample_rows(self.rows, 9)
        ]


def test_every_row_is_in_the_order_of_the_file(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,x\nb,\nc,y\nd,\n"))
    assert [(row.fields["text"], row.label) for row in every_row(task)] == [
        *(("a", "x"), ("b", None), ("c", "y"), ("d", None))
    ]


def test_every_row_of_a_folder_goes_split_by_split(write: Write) -> None:
    write("train.csv", "text,label\na,x\nb,\n")
    path = write("test.csv", "text,label\nc,\nd,y\n")
    assert [row.fields["text"] for row in every_row(load_task(path.parent))] == ["a", "b", "c", "d"]


def test_every_row_of_an_unlabelled_file_is_there(write: Write) -> None:
    assert len(every_row(load_task(write("a.csv", "text\nsome words\nmore words\n")))) == 2


class TestFewShot:
    """LM-BFF's sampler."""

    task = make_task(
        train=[(f"t{n}", "abc"[n % 3]) for n in range(90)], test=[("held out", "a")], labels=["c", "a", "b"]
    )

    @pytest.mark.parametrize("seed", [13, 21, 42, 87, 100])
    def test_it_draws_what_shuffling_the_lines_draws(self, seed: int) -> None:
        lines = list(self.task.train)
        np.random.RandomState(seed).shuffle(lines)  # type: ignore[arg-type]
        by_label = {label: [line for line in lines if line.label == label] for label in ("c", "a", "b")}
        few = self.task.few_shot(4, seed=seed)
        assert list(few.train) == [line for label in ("c", "a", "b") for line in by_label[label][:4]]
        assert list(few.dev) == [line for label in ("c", "a", "b") for line in by_label[label][4:8]]

    def test_train_and_dev_share_no_row_and_have_k_a_label(self) -> None:
        few = few_shot(self.task, 8, seed=13)
        assert not {row.id for row in few.train} & {row.id for row in few.dev}
        for rows in (few.train, few.dev):
            assert [sum(row.label == label for row in rows) for label in few.labels] == [8, 8, 8]

    def test_rows_keep_the_ids_of_the_file(self) -> None:
        for row in few_shot(self.task, 2, seed=1).train:
            assert row.fields["text"] == f"t{int(row.id.removeprefix('train:')) - 1}"

    def test_test_stays(self) -> None:
        assert few_shot(self.task, 2, seed=1).test == self.task.test

    def test_another_seed_is_another_draw_and_another_fingerprint(self) -> None:
        one, two = few_shot(self.task, 4, seed=13), few_shot(self.task, 4, seed=21)
        assert {row.id for row in one.train} != {row.id for row in two.train}
        assert len({one.fingerprint, two.fingerprint, self.task.fingerprint}) == 3

    def test_too_few_rows_name_the_label_and_how_many_it_has(self) -> None:
        task = make_task(train=[("t", "a")] * 10 + [("u", "b")] * 7)
        with pytest.raises(DataError, match=r"The label 'b' has 7 rows in train, and k = 4 needs 8: 4 for train and 4"):
            few_shot(task, 4, seed=13)

    def test_a_label_without_any_row_is_named(self) -> None:
        with pytest.raises(DataError, match=r"'z' has 0 rows"):
            few_shot(make_task(train=ONE * 4, labels=["x", "z"]), 1, seed=13)

    def test_no_k_below_one(self) -> None:
        with pytest.raises(ConfigError, match="k = 0"):
            few_shot(self.task, 0, seed=13)

    def test_lazy_rows_give_the_same_draw(self, write: Write) -> None:
        content = "text,label\n" + "".join(f"{row.fields['text']},{row.label}\n" for row in self.task.train)
        lazy = load_task(write("train.csv", content), labels={"c": "c", "a": "a", "b": "b"})
        ids = [row.id for row in few_shot(self.task, 4, seed=13).train]
        assert [row.id for row in few_shot(lazy, 4, seed=13).train] == ids


class TestMadeTask:
    """``make_task``."""

    def test_rows_of_every_kind_become_examples(self) -> None:
        task = make_task([{"text": "a", "label": "x"}, ("b", "y"), Example({"text": "c"}, "x", "mine"), "d"])
        assert [(row.fields["text"], row.label, row.id) for row in (*task.test, *task.unlabelled)] == [
            ("a", "x", "test:1"),
            ("b", "y", "test:2"),
            ("c", "x", "mine"),
            ("d", None, "test:4"),
        ]

    def test_labels_give_the_order_and_must_cover_the_rows(self) -> None:
        assert make_task(ONE, labels=["z", "x"]).labels == ("z", "x")
        with pytest.raises(DataError, match="'x'"):
            make_task(ONE, labels=["z"])

    def test_a_boolean_or_number_is_its_text(self) -> None:
        task = make_task([{"text": "a", "label": True}, {"text": "b", "label": 3}])  # type: ignore[list-item]
        assert [row.label for row in task.test] == ["true", "3"]

    def test_a_row_without_a_field_or_a_task_without_a_row_is_refused(self) -> None:
        with pytest.raises(DataError, match="has no text"):
            make_task([{"label": "x"}])
        with pytest.raises(DataError, match="at least one row"):
            make_task([])

    def test_its_fingerprint_follows_its_content(self) -> None:
        assert make_task(ONE).fingerprint == make_task(list(ONE)).fingerprint != make_task([("b", "x")]).fingerprint


def test_shots_without_a_train_split_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nfine,x\nbad,y\n")
    with pytest.raises(DataError, match="no train split to draw from"):
        load_task(tmp_path / "a.csv").few_shot(1, seed=1)


def test_a_file_named_after_a_split_is_called_like_its_folder(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "test.csv").write_text("text,label\nfine,x\nbad,y\n")
    assert load_task(tmp_path / "films" / "test.csv").name == "films"
