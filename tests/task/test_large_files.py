"""Large files: streamed into a mapped copy, reused, replaced when the file changes, never held in memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from written_files import Write

from promptlab.errors import DataError, StoreError
from promptlab.task import load_task, tables
from promptlab.task.tables import remove_oldest

TABLE = "text,label\n" + "".join(f"row number {n},{'xyz'[n % 3]}\n" for n in range(2000))


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGE", 100)


def copies(cache: Path) -> list[Path]:
    return sorted((cache / "tables").glob("*.arrow"))


@pytest.mark.usefixtures("all_are_large")
class TestMappedCopy:
    """The copy in the cache."""

    def test_a_large_file_reads_like_a_small_one(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write("a.csv", TABLE)
        mapped = load_task(path)
        monkeypatch.setattr(tables, "LARGE", 10**9)
        held = load_task(path)
        assert list(mapped.test) == list(held.test)
        assert (mapped.fingerprint, mapped.notes, mapped.labels) == (held.fingerprint, held.notes, held.labels)

    def test_a_second_reading_uses_the_copy(
        self, write: Write, own_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write("a.csv", TABLE.replace("text,label\n", ""))
        first = load_task(path)
        monkeypatch.setattr(tables, "read_delimited", None)
        second = load_task(path)
        assert list(second.test) == list(first.test)
        assert second.notes == first.notes
        assert second.fingerprint == first.fingerprint
        assert len(copies(own_cache)) == 1

    def test_a_changed_file_is_read_again(self, write: Write) -> None:
        path = write("a.csv", TABLE)
        load_task(path)
        path.write_text(TABLE.replace("number 7,", "number seven,"))
        assert load_task(path).test[7].fields["text"] == "row number seven"

    def test_other_options_make_another_copy(self, write: Write, own_cache: Path) -> None:
        path = write("a.csv", TABLE)
        load_task(path)
        load_task(path, encoding="latin-1")
        assert len(copies(own_cache)) == 2

    @pytest.mark.parametrize("keep", [0, 10, 1000, -8])
    def test_a_damaged_copy_is_written_anew(self, write: Write, own_cache: Path, keep: int) -> None:
        path = write("a.csv", TABLE)
        before = list(load_task(path).test)
        (copy,) = copies(own_cache)
        copy.write_bytes(copy.read_bytes()[:keep])
        assert list(load_task(path).test) == before

    def test_the_folder_is_the_users_alone(self, write: Write, own_cache: Path) -> None:
        load_task(write("a.csv", TABLE))
        assert (own_cache / "tables").stat().st_mode & 0o777 == 0o700

    def test_a_file_that_is_refused_leaves_nothing(self, write: Write, own_cache: Path) -> None:
        with pytest.raises(DataError, match="row 2,001 has 3 cells"):
            load_task(write("a.csv", TABLE + "a,b,c\n"))
        assert list((own_cache / "tables").iterdir()) == []

    def test_a_cache_that_cannot_be_written_says_what_to_do(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(path: Path, content: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(tables, "write_whole", full)
        with pytest.raises(StoreError, match=r"No space left on device. Make room there, or name another folder"):
            load_task(write("a.csv", TABLE))

    def test_unlabelled_rows_are_told_apart(self, write: Write) -> None:
        task = load_task(write("a.csv", TABLE.replace(",z\n", ",\n")))
        assert (len(task.test), len(task.unlabelled)) == (1334, 666)


def test_the_oldest_copies_go_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        path = tmp_path / f"{name}.arrow"
        path.write_bytes(b"x" * 100)
        os.utime(path, (1e9 - age, 1e9 - age))
    (tmp_path / ".dead.arrow.abc.new").write_bytes(b"x")
    os.utime(tmp_path / ".dead.arrow.abc.new", (1e9, 1e9))
    remove_oldest(tmp_path, keep=tmp_path / "new.arrow", limit=150)
    assert [path.name for path in tmp_path.iterdir()] == ["new.arrow"]


def test_the_copy_in_use_stays_whatever_its_size(tmp_path: Path) -> None:
    (tmp_path / "a.arrow").write_bytes(b"x" * 100)
    remove_oldest(tmp_path, keep=tmp_path / "a.arrow", limit=10)
    assert (tmp_path / "a.arrow").exists()


MEASURE = """
import resource, sys, time
import numpy, pyarrow.csv, pyarrow.compute, promptlab.task.load
from promptlab.task import load_task
def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1000
before, start = resident(), time.perf_counter()
task = load_task(sys.argv[1])
print(len(task.test), time.perf_counter() - start, resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory in use from /proc")
def test_a_million_rows_add_less_than_200_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "million.csv"
    words = "a remark that is about as long as the sentences of reviews are, which comes to ninety characters"
    with path.open("w") as file:
        file.write("review,stars\n")
        for block in range(100):
            file.write("".join(f'"{words} {block * 10_000 + n}",{n % 5}\n' for n in range(10_000)))
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    rows, seconds, megabytes = map(float, done.stdout.split())
    assert rows == 1_000_000
    assert seconds < 15
    assert megabytes < 200
