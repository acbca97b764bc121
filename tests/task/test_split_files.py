"""``split_file``: seeded, stratified, without leakage, whole or not at all."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import Task, check_task, load_task, make_task, split_file

TASK = make_task([(f"text number {n}", "abb"[n % 3]) for n in range(300)], name="mine", labels=["b", "a"])


def shares(task: Task) -> dict[str, Counter[str | None]]:
    return {split: Counter(row.label for row in getattr(task, split)) for split in ("train", "dev", "test")}


def test_the_shares_hold_in_every_label(tmp_path: Path) -> None:
    counts = split_file(TASK, tmp_path / "new", dev=0.1, test=0.2)
    assert counts == {"train": 210, "dev": 30, "test": 60}
    again = load_task(tmp_path / "new")
    assert shares(again) == {
        "train": Counter(b=140, a=70),
        "dev": Counter(b=20, a=10),
        "test": Counter(b=40, a=20),
    }


def test_the_folder_keeps_name_labels_and_texts(tmp_path: Path) -> None:
    split_file(TASK, tmp_path / "new")
    again = load_task(tmp_path / "new")
    assert (again.name, again.labels, again.fields) == ("mine", ("b", "a"), ("text",))
    rows = [*again.train, *again.dev, *again.test]
    assert sorted((row.fields["text"], row.label) for row in rows) == sorted(
        (row.fields["text"], row.label) for row in TASK.test
    )


def test_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    split_file(TASK, tmp_path / "new")
    numbers = [int(row.fields["text"].split()[-1]) for row in load_task(tmp_path / "new").train]
    assert numbers == sorted(numbers)


def test_one_seed_gives_one_split(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        split_file(TASK, tmp_path / name, seed=seed)
    content = {name: (tmp_path / name / "test.csv").read_bytes() for name in ("one", "again", "other")}
    assert content["one"] == content["again"] != content["other"]


def test_equal_texts_stay_in_one_split(tmp_path: Path) -> None:
    task = make_task([(f"text {n % 40}", "ab"[n % 2]) for n in range(200)])
    split_file(task, tmp_path / "new", dev=0.3, test=0.3)
    assert check_task(load_task(tmp_path / "new")).of_kind("leakage") == ()


def test_every_label_has_a_row_in_train(tmp_path: Path) -> None:
    task = make_task([*[(f"t{n}", "often") for n in range(50)], ("one", "once"), ("two", "twice"), ("three", "twice")])
    split_file(task, tmp_path / "new", dev=0.4, test=0.4)
    assert set(shares(load_task(tmp_path / "new"))["train"]) == {"often", "once", "twice"}


def test_unlabelled_rows_go_to_train(tmp_path: Path) -> None:
    split_file(make_task([*[(f"t{n}", "ab"[n % 2]) for n in range(20)], "free one", "free two"]), tmp_path / "new")
    task = load_task(tmp_path / "new")
    assert [row.id.partition(":")[0] for row in task.unlabelled] == ["train", "train"]


def test_an_unlabelled_copy_of_a_test_text_goes_where_the_text_is(tmp_path: Path) -> None:
    rows = [(f"t{n}", "ab"[n % 2]) for n in range(20)]
    split_file(make_task([*rows, *(text for text, _ in rows)]), tmp_path / "new", dev=0.3, test=0.3)
    task = load_task(tmp_path / "new")
    places = {row.fields["text"]: split for split in ("train", "dev", "test") for row in getattr(task, split)}
    assert all(row.id.startswith(places[row.fields["text"]]) for row in task.unlabelled)


def test_a_column_keeps_its_name_and_is_written_once(write: Write, tmp_path: Path) -> None:
    rows = "".join(f"remark {n},en,{n % 2}\n" for n in range(20))
    task = load_task(write("a.csv", f"review,lang,stars\n{rows}"))
    split_file(task, tmp_path / "new")
    assert (tmp_path / "new" / "train.csv").read_text().splitlines()[0] == '"review","lang","label"'
    assert load_task(tmp_path / "new").fields == ("text", "review", "lang")


def test_quotes_newlines_and_delimiters_survive(tmp_path: Path) -> None:
    odd = ['a "quoted" word', "two\nlines", "a, b; c\td", " spaces ", "crlf\r\nhere", "lone\rreturn", "ünï😀"]
    split_file(make_task([(text, "x") for text in odd]), tmp_path / "new", dev=0.2, test=0.2)
    task = load_task(tmp_path / "new")
    assert sorted(row.fields["text"] for row in (*task.train, *task.dev, *task.test)) == sorted(odd)


@given(
    texts=st.lists(st.text(st.sampled_from('ab \t\r\n",;|\\'), max_size=12), min_size=1, max_size=12),
    labels=st.lists(st.sampled_from(["x", "y, z", 'a "b"']), min_size=12, max_size=12),
)
def test_every_cell_comes_back_as_it_was(
    texts: list[str], labels: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = list(zip(texts, labels, strict=False))
    folder = tmp_path_factory.mktemp("split") / "new"
    split_file(make_task(rows), folder, dev=0.3, test=0.3)
    task = load_task(folder)
    assert sorted((row.fields["text"], row.label) for row in (*task.train, *task.dev, *task.test)) == sorted(rows)


def test_a_share_of_nothing_writes_no_file(tmp_path: Path) -> None:
    assert split_file(TASK, tmp_path / "new", dev=0, test=0.5)["dev"] == 0
    assert not (tmp_path / "new" / "dev.csv").exists()


@pytest.mark.parametrize(("dev", "test"), [(0.5, 0.5), (-0.1, 0.2), (0, 0), (1, 0), (float("nan"), 0.1)])
def test_shares_that_cannot_be_meant_are_refused(tmp_path: Path, dev: float, test: float) -> None:
    with pytest.raises(ConfigError, match="must be shares"):
        split_file(TASK, tmp_path / "new", dev=dev, test=test)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_as_it_is(write: Write, tmp_path: Path) -> None:
    write("old/notes.txt", "mine")
    with pytest.raises(ConfigError, match="not an empty folder"):
        split_file(TASK, tmp_path / "old")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    split_file(TASK, tmp_path / "new")
    assert len(load_task(tmp_path / "new").train) == 210


def test_a_task_without_labels_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to split"):
        split_file(make_task(["a", "b"]), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@given(labels=st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), seed=st.integers(0, 3))
def test_no_row_is_lost_and_none_is_doubled(
    labels: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("split") / "new"
    counts = split_file(make_task([(f"t{n}", label) for n, label in enumerate(labels)]), folder, seed=seed)
    assert sum(counts.values()) == len(labels)
    assert abs(counts["test"] - 0.2 * len(labels)) <= 5
