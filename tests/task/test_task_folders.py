"""Folders, ``task.toml``, ids, fingerprints: how files become one task."""

from pathlib import Path

import pytest
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import load_task

TABLE = "text,label\nfine,x\nbad,y\n"


@pytest.fixture
def folder(write: Write, tmp_path: Path) -> Path:
    for split in ("train", "dev", "test"):
        write(f"{split}.csv", f"text,label\n{split} one,x\n{split} two,y\n")
    return tmp_path


def test_a_folder_gives_its_three_splits(folder: Path) -> None:
    task = load_task(folder)
    assert [rows[0].fields["text"] for rows in (task.train, task.dev, task.test)] == [
        "train one",
        "dev one",
        "test one",
    ]
    assert (task.name, task.source) == (folder.name, str(folder))


@pytest.mark.parametrize("name", ["validation", "valid", "val", "Validation"])
def test_other_names_of_dev_are_taken_and_said(write: Write, tmp_path: Path, name: str) -> None:
    write(f"{name}.csv", TABLE)
    task = load_task(tmp_path)
    assert len(task.dev) == 2
    assert f"{name}.csv is the dev split" in task.notes


def test_splits_may_differ_in_format(write: Write, tmp_path: Path) -> None:
    write("train.csv", TABLE)
    write("test.jsonl", '{"text": "fine", "label": "x"}\n')
    task = load_task(tmp_path)
    assert (len(task.train), len(task.test)) == (2, 1)


def test_two_files_for_one_split_are_refused(write: Write, tmp_path: Path) -> None:
    write("dev.csv", TABLE)
    write("validation.csv", TABLE)
    with pytest.raises(DataError, match=r"two files for dev: dev.csv and validation.csv"):
        load_task(tmp_path)


def test_a_folder_without_splits_names_what_it_holds(write: Write, tmp_path: Path) -> None:
    write("reviews.csv", TABLE)
    with pytest.raises(DataError, match=r"no file train, dev or test .*There are reviews.csv"):
        load_task(tmp_path)


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="It has no table"):
        load_task(tmp_path)


@pytest.mark.parametrize(("name", "split"), [("train", "train"), ("dev", "dev"), ("test", "test"), ("mine", "test")])
def test_a_single_file_goes_to_the_split_of_its_name_else_to_test(write: Write, name: str, split: str) -> None:
    task = load_task(write(f"{name}.csv", TABLE))
    assert {each: len(getattr(task, each)) for each in ("train", "dev", "test")} == {
        "train": 0,
        "dev": 0,
        "test": 0,
        split: 2,
    }


def test_fields_are_those_that_every_split_has(write: Write, tmp_path: Path) -> None:
    write("train.csv", TABLE)
    write("test.csv", "text,title,label\nfine,T,x\n")
    task = load_task(tmp_path)
    assert task.fields == ("text",)
    assert "only in test: title" in task.notes


def test_a_split_without_the_text_column_is_refused(write: Write, tmp_path: Path) -> None:
    write("train.csv", "review,label\na,x\n")
    write("test.csv", "reviews,label\na,x\n")
    with pytest.raises(DataError, match=r"test.csv has no text column 'review'. Did you mean 'reviews'"):
        load_task(tmp_path)


def test_a_split_without_the_label_column_is_unlabelled_and_says_so(write: Write, tmp_path: Path) -> None:
    write("train.csv", TABLE)
    write("test.csv", "text\nfine\n")
    task = load_task(tmp_path)
    assert (len(task.train), len(task.unlabelled)) == (2, 1)
    assert "test has no column label: 1 row kept as unlabelled texts" in task.notes


class TestTaskFile:
    """``task.toml``."""

    def test_it_names_columns_and_orders_labels(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "a,b\nfine,x\nbad,y\n")
        write("task.toml", 'name = "mine"\ntext = "a"\nlabel = "b"\nlabels = ["y", "x"]\n')
        task = load_task(tmp_path)
        assert (task.name, task.labels, task.train[0].fields["text"]) == ("mine", ("y", "x"), "fine")

    def test_a_table_renames_labels(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "text,label\nfine,1\nbad,0\n")
        write("task.toml", '[labels]\n0 = "negative"\n1 = "positive"\n')
        assert load_task(tmp_path).labels == ("negative", "positive")

    def test_numbers_and_booleans_in_the_list_are_their_texts(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "text,label\na,1\nb,true\n")
        write("task.toml", "labels = [true, 1]\n")
        assert load_task(tmp_path).labels == ("true", "1")

    def test_fields_are_derived_with_filters(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "title,body,label\nThe Title,the end.,x\n")
        write(
            "task.toml", '[fields]\ntext = "{title|lower}: {body|strip .|upper_first} {{x}}"\nshout = "{text|upper}"\n'
        )
        fields = load_task(tmp_path).train[0].fields
        assert fields["text"] == "the title: The end {x}"
        assert fields["shout"] == "THE TITLE: THE END {X}"

    def test_a_derived_field_that_has_the_name_of_a_column_is_made_of_the_column(
        self, write: Write, tmp_path: Path
    ) -> None:
        write("train.csv", TABLE)
        write("task.toml", '[fields]\ntext = "Review: {text}"\n')
        assert load_task(tmp_path).train[0].fields["text"] == "Review: fine"

    def test_text_may_be_a_derived_field(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "title,body,label\nT,B,x\n")
        write("task.toml", 'text = "both"\n[fields]\nboth = "{title} {body}"\n')
        assert load_task(tmp_path).train[0].fields["text"] == "T B"

    def test_files_name_the_splits(self, write: Write, tmp_path: Path) -> None:
        write("part/one.csv", TABLE)
        write("two.csv", "text,label\nother,x\n")
        write("task.toml", '[files]\ntrain = "part/one.csv"\ntest = "two.csv"\n')
        task = load_task(tmp_path)
        assert (len(task.train), len(task.test)) == (2, 1)

    def test_a_file_that_is_not_there_is_named(self, write: Write, tmp_path: Path) -> None:
        write("task.toml", '[files]\ntrain = "one.csv"\n')
        with pytest.raises(DataError, match=r"There is no file .*one\.csv"):
            load_task(tmp_path)

    def test_options_go_first(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "a,b,c,d\nfine,long text,0,1\n")
        write("task.toml", 'text = "a"\nlabel = "c"\nlabels = ["0"]\n')
        task = load_task(tmp_path, text="b", label="d", labels={"1": "yes"})
        assert (task.train[0].fields["text"], task.train[0].label) == ("long text", "yes")

    def test_a_text_option_replaces_a_derived_text(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "title,body,label\nT,B,x\n")
        write("task.toml", '[fields]\ntext = "{title} {body}"\n')
        assert load_task(tmp_path, text="body").train[0].fields["text"] == "B"

    def test_beside_a_single_file_it_counts_when_it_names_the_file(self, write: Write) -> None:
        path = write("mine.csv", "a,b\nfine,1\n")
        write("task.toml", 'text = "a"\nlabel = "b"\n[labels]\n1 = "good"\n[files]\ndev = "mine.csv"\n')
        task = load_task(path)
        assert (len(task.dev), task.labels) == (1, ("good",))

    def test_beside_a_single_file_it_is_left_when_it_does_not(self, write: Write) -> None:
        path = write("mine.csv", TABLE)
        write("task.toml", 'labels = ["p", "q"]\n')
        task = load_task(path)
        assert task.labels == ("x", "y")
        assert "task.toml beside mine.csv does not name it in [files]: not used" in task.notes

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ('lables = ["x"]', r"unknown key 'lables'. Did you mean 'labels'\?"),
            ('[files]\ntraining = "a.csv"', r"unknown key 'training'. Did you mean 'train'\?"),
            ("text = 3", r"text = 3 must be a text"),
            ('text = ""', r"must be a text"),
            ("labels = []", r"labels is empty"),
            ('labels = "x"', r"labels must be a list of names, or a table"),
            ('labels = ["x", "x"]', r"names one label twice"),
            ('labels = [["x"]]', r"which is no name"),
            ('fields = "x"', r"fields must be a table"),
            ("[fields]\ntext = 3", r"text = 3 must be a text"),
            ('text = "a"\n[fields]\ntext = "{text}"', r"both say what text is"),
            ('[fields]\nx = "{texts}"', r"no column 'texts'. Did you mean 'text'\?"),
            ('[fields]\nx = "{label}"', r"no column 'label'"),
            ('[fields]\nx = "{text} {mask}"', r"\{mask\} belongs into a template"),
            ('[fields]\nx = "{soft:3}"', r"belongs into a template"),
            ('[fields]\nx = "{text|limit 3}"', r"no filter 'limit'"),
            ('[fields]\nx = "{text|lwer}"', r"no filter 'lwer'. Did you mean 'lower'\?"),
            ('[fields]\nx = "{text|lower 3}"', r"takes no '3'"),
            ('[fields]\nx = "a { b"', r"a lone '\{'"),
            ("not toml", r"not valid TOML"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, folder: Path, content: str, message: str) -> None:
        (folder / "task.toml").write_text(content)
        with pytest.raises(ConfigError, match=message):
            load_task(folder)


class TestIds:
    """Ids are unique within a file and stay."""

    def test_an_id_is_the_split_and_the_row(self, folder: Path) -> None:
        assert [row.id for row in load_task(folder).train] == ["train:1", "train:2"]

    def test_a_column_of_unique_ids_is_taken(self, write: Write) -> None:
        task = load_task(write("a.csv", "id,text,label\nk7,fine,x\nk9,bad,y\n"))
        assert [row.id for row in task.test] == ["k7", "k9"]
        assert task.test[0].fields["id"] == "k7"

    @pytest.mark.parametrize("ids", [("k", "k"), ("k", "")])
    def test_a_column_of_ids_that_repeat_or_lack_is_not(self, write: Write, ids: tuple[str, str]) -> None:
        task = load_task(write("a.csv", f"id,text,label\n{ids[0]},fine,x\n{ids[1]},bad,y\n"))
        assert [row.id for row in task.test] == ["row:1", "row:2"]


class TestFingerprint:
    """Equal content read alike has one fingerprint."""

    def test_it_does_not_depend_on_the_path(self, write: Write) -> None:
        assert load_task(write("a/x.csv", TABLE)).fingerprint == load_task(write("b/y.csv", TABLE)).fingerprint

    @pytest.mark.parametrize("content", ["text,label\nfine,x\nbaD,y\n", "text,label\nbad,y\nfine,x\n", TABLE + "z,x\n"])
    def test_it_changes_with_a_letter_an_order_and_a_row(self, write: Write, content: str) -> None:
        assert load_task(write("a.csv", TABLE)).fingerprint != load_task(write("b.csv", content)).fingerprint

    def test_it_changes_with_the_labels_names(self, write: Write) -> None:
        path = write("a.csv", TABLE)
        renamed = load_task(path, labels={"x": "one", "y": "two"})
        assert load_task(path).fingerprint != renamed.fingerprint

    def test_it_changes_with_a_derived_text(self, write: Write, folder: Path) -> None:
        before = load_task(folder).fingerprint
        write("task.toml", '[fields]\ntext = "Review: {text}"\n')
        assert load_task(folder).fingerprint != before

    def test_a_comment_in_the_task_file_does_not_change_it(self, write: Write, folder: Path) -> None:
        before = load_task(folder).fingerprint
        write("task.toml", "# by me\n")
        assert load_task(folder).fingerprint == before


@pytest.mark.parametrize("reference", ["nothing at all", "no/such/place.csv"])
def test_a_reference_to_nothing_lists_the_samples(reference: str) -> None:
    with pytest.raises(DataError, match=r"There is no file, folder or sample .* Samples: reviews, tickets\."):
        load_task(reference)


def test_a_misspelt_sample_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no file, folder or sample 'reveiws'. Did you mean 'reviews'\?"):
        load_task("reveiws")


def test_a_path_goes_before_a_sample_of_its_name(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("reviews/train.csv", TABLE)
    monkeypatch.chdir(tmp_path)
    assert len(load_task("reviews").train) == 2
