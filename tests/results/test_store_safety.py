"""The run store under several writers, a kill, damage, a newer version, a full disk and a folder it cannot have."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from promptlab.errors import StoreError
from promptlab.results.database import network_kind
from promptlab.results.run import Run
from promptlab.results.store import RunStore

WRITER = Path(__file__).with_name("store_writer.py")
RUN = Run("r", "promptlab eval", {}, "ab" * 32, {"n": 1})


def writer(workspace: Path, name: str, count: int, *limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(workspace), name, str(count), *map(str, limit)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def integrity(workspace: Path) -> str:
    with closing(sqlite3.connect(workspace / "runs.db")) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]


def stored(workspace: Path) -> set[str]:
    with RunStore.open(workspace) as store:
        assert store.notes == ()
        return {f"{run.id} {run.name}" for run in store.runs()}


def test_four_writers_and_a_killed_one_lose_nothing_that_was_acknowledged(tmp_path):
    steady = [writer(tmp_path, f"steady{i}", 200) for i in range(4)]
    killed = writer(tmp_path, "killed", 100_000)
    acknowledged = {killed.stdout.readline().strip() for _ in range(20)}
    killed.send_signal(signal.SIGKILL)
    rest, _ = killed.communicate()
    acknowledged |= {line for line in rest.split("\n")[:-1]}
    for process in steady:
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert len(out.splitlines()) == 200
        acknowledged |= set(out.splitlines())
    assert len(acknowledged) >= 820
    assert acknowledged <= stored(tmp_path)
    assert integrity(tmp_path) == "ok"


@pytest.mark.parametrize("limit", [20_000, 45_000, 100_000, 250_000, 600_000])
def test_a_full_disk_is_said_and_leaves_the_store_whole(tmp_path, limit):
    process = writer(tmp_path, "full", 5000, limit)
    out, err = process.communicate()
    assert process.returncode == 2, err
    assert "StoreError" in err and "full" in err
    assert integrity(tmp_path) == "ok"
    assert set(out.splitlines()) <= stored(tmp_path)
    with RunStore.open(tmp_path) as store:
        store.add(RUN)  # with room again, it goes on


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    with RunStore.open(tmp_path) as store:
        store.add(RUN)
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection:
        connection.execute("UPDATE about SET value = '9.1.0'")
        connection.execute("PRAGMA user_version = 99")
        connection.commit()
    before = (tmp_path / "runs.db").read_bytes()
    with pytest.raises(StoreError, match=r"written by promptlab 9\.1\.0.*left as it is.*--workspace"):
        RunStore.open(tmp_path)
    with pytest.raises(StoreError, match=r"written by promptlab 9\.1\.0"):
        RunStore.open_to_read(tmp_path)
    assert (tmp_path / "runs.db").read_bytes() == before


def damaged_files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("runs.db.damaged-*") if not path.name.endswith(("-wal", "-shm"))]


@pytest.mark.parametrize("damage", ["other text", "zeros in the middle", "cut"])
def test_a_damaged_store_is_moved_aside_and_a_new_one_begun(tmp_path, damage):
    with RunStore.open(tmp_path) as store:
        for _ in range(300):
            store.add(RUN)
    path = tmp_path / "runs.db"
    whole = path.read_bytes()
    broken = {
        "other text": b"not a database, but long enough to be looked at " * 100,
        "zeros in the middle": whole[:4096] + bytes(len(whole) - 8192) + whole[-4096:],
        "cut": whole[: len(whole) // 2 + 100],
    }[damage]
    path.write_bytes(broken)
    with RunStore.open(tmp_path) as store:
        (note,) = store.notes
        assert store.add(RUN) == 1
    (aside,) = damaged_files(tmp_path)
    assert aside.read_bytes() == broken
    assert str(aside) in note and "nothing was deleted" in note
    assert stored(tmp_path) == {"1 r"}


def test_the_log_of_a_damaged_store_goes_with_it(tmp_path):
    with RunStore.open(tmp_path) as store:
        store.add(RUN)
    (tmp_path / "runs.db").write_bytes(b"x" * 5000)
    (tmp_path / "runs.db-wal").write_bytes(b"log")
    RunStore.open(tmp_path).close()
    (aside,) = damaged_files(tmp_path)
    assert Path(f"{aside}-wal").read_bytes() == b"log"
    assert stored(tmp_path) == set()


def test_damage_found_while_reading_is_said_with_the_remedy(tmp_path):
    with RunStore.open(tmp_path) as store:
        for _ in range(300):
            store.add(RUN)
    with RunStore.open(tmp_path) as store:
        with open(tmp_path / "runs.db", "r+b") as file:
            file.seek(4096)
            file.write(bytes(200_000))
        with pytest.raises(StoreError, match=r"damaged .*moves the file aside"):
            store.runs()


def reader(workspace: Path, limit: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).with_name("store_reader.py")), str(workspace), str(limit)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_a_store_on_a_full_disk_is_read(tmp_path):
    with RunStore.open(tmp_path) as store:
        store.add(RUN)
    before = (tmp_path / "runs.db").read_bytes()
    read = reader(tmp_path, 1000)
    assert (read.stdout, read.stderr, read.returncode) == ("1 r\n", "", 0)
    assert (tmp_path / "runs.db").read_bytes() == before
    with RunStore.open(tmp_path) as store:
        assert store.add(RUN) == 2  # with room again, it goes on


def test_a_log_that_a_full_disk_keeps_from_being_played_in_is_said(tmp_path):
    killed = tmp_path / "killed"
    killed.mkdir()
    with RunStore.open(tmp_path) as store:
        store.add(RUN)
    with RunStore.open(tmp_path) as store:
        store.add(RUN)
        for name in ("runs.db", "runs.db-wal"):
            shutil.copy(tmp_path / name, killed / name)
    read = reader(killed, 1000)
    assert read.stdout == "1 r\n" and "the newest runs may be missing" in read.stderr
    with RunStore.open_to_read(killed) as store:  # with room, the log counts
        assert [run.id for run in store.runs()] == [2, 1] and store.notes == ()


def test_a_store_that_cannot_be_read_is_said_plainly(tmp_path):
    (tmp_path / "runs.db").mkdir()
    with pytest.raises(StoreError, match=r"runs\.db cannot be read \(.*Look whether"):
        RunStore.open_to_read(tmp_path)


def test_a_damaged_store_is_left_where_it_is_by_who_reads(tmp_path):
    (tmp_path / "runs.db").write_bytes(b"not a database, but long enough to be looked at " * 100)
    with pytest.raises(StoreError, match=r"is damaged .*next run that is stored moves the file aside"):
        RunStore.open_to_read(tmp_path)
    assert damaged_files(tmp_path) == []


def test_a_store_opened_to_read_is_not_written(tmp_path):
    RunStore.open(tmp_path).close()
    with RunStore.open_to_read(tmp_path) as store, pytest.raises(StoreError, match="cannot be opened for writing"):
        store.add(RUN)


def test_an_empty_file_is_a_store_without_runs(tmp_path):
    (tmp_path / "runs.db").touch()
    with RunStore.open_to_read(tmp_path) as store:
        assert store.runs() == []


def test_a_folder_that_cannot_be_made_is_said_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written .*--workspace"):
        RunStore.open(tmp_path / "file" / ".promptlab")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_with_the_remedy(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="--workspace"):
        RunStore.open(tmp_path)


def test_a_disk_without_a_write_ahead_log_is_refused(tmp_path, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(":memory:", **options))
    with pytest.raises(StoreError, match=r"cannot keep a write-ahead log \(SQLite says 'memory'\).*--workspace"):
        RunStore.open(tmp_path)


def test_a_network_disk_is_known_by_the_nearest_mount(tmp_path):
    mounts = tmp_path / "mounts"
    lines = (
        "overlay / overlay rw 0 0",
        r"server:/ /data/my\040home nfs4 rw 0 0",
        r"/dev/sda /data/my\040home/disk ext4 rw 0 0",
    )
    mounts.write_text("\n".join(lines))
    assert network_kind(Path("/data/my home/work/runs.db"), mounts) == "nfs4"
    assert network_kind(Path("/data/my home/disk/runs.db"), mounts) == ""
    assert network_kind(Path("/data/runs.db"), mounts) == ""
    assert network_kind(Path("/data/runs.db"), tmp_path / "none") == ""


def test_a_path_with_odd_characters_is_opened(tmp_path):
    workspace = tmp_path / "a ?b#c%20 é"
    with RunStore.open(workspace) as store:
        store.add(RUN)
    assert stored(workspace) == {"1 r"}
