"""The trash: what is deleted lies there whole, comes back to the byte, and never takes a later edit with it."""

import os
from pathlib import Path

import pytest

from promptlab.errors import ConfigError, StoreError
from promptlab.template.files import read_templates
from promptlab.tui.state import trash
from promptlab.tui.state.trash import bring_back, delete_entry, keep_copy, trash_folder

MINE = """# my wordings
task = "films"

[first]  # the one from the paper
text = "{text} It was {mask}."

# tried in June
[second]
text = '''{text}
Really {mask}.'''
note = "[/b]"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "templates" / "mine.toml"
    path.parent.mkdir()
    path.write_text(MINE)
    return path


def test_an_entry_goes_with_what_belongs_to_it_and_comes_back_to_the_byte(mine: Path, tmp_path: Path) -> None:
    delete_entry(tmp_path / ".promptlab", mine, "second")
    left = mine.read_text()
    assert list(read_templates(mine).entries) == ["first"] and "# my wordings" in left and "from the paper" in left
    found = bring_back(tmp_path / ".promptlab")
    assert found is not None and found.name == "second" and mine.read_text() == MINE
    assert bring_back(tmp_path / ".promptlab") is None and not list(trash_folder(tmp_path / ".promptlab").iterdir())


def test_what_was_written_after_the_deletion_stays(mine: Path, tmp_path: Path) -> None:
    delete_entry(tmp_path, mine, "first")
    mine.write_text(mine.read_text() + '\n[first]\ntext = "{text} A newer one: {mask}."\n')
    found = bring_back(tmp_path)
    assert found is not None and found.name == "first-2"
    entries = read_templates(mine).entries
    assert entries["first"].text == "{text} A newer one: {mask}." and entries["first-2"].text == "{text} It was {mask}."


def test_the_last_entry_takes_the_file_with_it(mine: Path, tmp_path: Path) -> None:
    delete_entry(tmp_path, mine, "first")
    delete_entry(tmp_path, mine, "second")
    assert not mine.exists()
    for name in ("second", "first"):  # the newest first
        found = bring_back(tmp_path)
        assert found is not None and found.name == name
    assert mine.read_text() == MINE


def test_an_entry_that_is_gone_already_is_no_deletion(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no 'third' any more"):
        delete_entry(tmp_path, mine, "third")
    assert mine.read_text() == MINE and not trash_folder(tmp_path).exists()


def test_without_a_trash_nothing_is_deleted(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "trash").write_text("a file stands in its place")
    with pytest.raises(StoreError, match="Nothing was changed"):
        delete_entry(tmp_path, mine, "first")
    assert mine.read_text() == MINE


def test_a_copy_of_a_replaced_entry_is_nothing_to_bring_back(mine: Path, tmp_path: Path) -> None:
    place = keep_copy(tmp_path, mine)
    assert place.read_text() == MINE and keep_copy(tmp_path, mine) != place and bring_back(tmp_path) is None


def test_damaged_records_are_passed_over(mine: Path, tmp_path: Path) -> None:
    trashed = delete_entry(tmp_path, mine, "first")
    for name, text in (("x.toml.json", "{"), ("y.toml.json", '{"path": 1}'), ("z.json", "[]")):
        record = trash_folder(tmp_path) / name
        record.write_text(text)
        os.utime(record, (2**31, 2**31))  # newer than the whole one
    found = bring_back(tmp_path)
    assert found is not None and found.name == trashed.name


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_file_that_cannot_be_written_stays_and_there_is_nothing_to_bring_back(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def write(path: Path, content: bytes) -> None:
        if path == mine:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(trash, "write_whole", write)
    with pytest.raises(ConfigError, match="was not changed: No space left"):
        delete_entry(tmp_path, mine, name)
    assert mine.read_text() == MINE and bring_back(tmp_path) is None
