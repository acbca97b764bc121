"""The cache of readings under damage, full disks and several writers: never a wrong number, never a crash."""

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from tiny_models import examples, tiny

from promptlab.model import LanguageModel, Readout, ReadoutCache
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")
ARRAYS = {"hidden": torch.arange(24, dtype=torch.bfloat16).view(2, 3, 4), "log_norm": torch.ones(2, 3)}


def kept(lm: LanguageModel, cache: ReadoutCache) -> Readout:
    return Readout.join(lm.read(Template.parse("{text} It was {mask}."), examples(TEXTS), cache=cache))


def entry(folder: Path) -> Path:
    ReadoutCache(folder).put("key", ARRAYS)
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_was_cut_is_a_miss_and_is_moved_aside(share: float, tmp_path: Path) -> None:
    path = entry(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert ReadoutCache(tmp_path).get("key") is None
    assert [left.suffix for left in tmp_path.iterdir()] == [".damaged"]


def test_a_file_with_any_byte_flipped_is_a_miss_and_is_moved_aside(tmp_path: Path) -> None:
    path = entry(tmp_path)
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[at] ^= 0x10
        path.write_bytes(bytes(damaged))
        assert ReadoutCache(tmp_path).get("key") is None
        assert not path.exists()


def test_after_damage_the_reading_is_made_and_kept_again(tmp_path: Path) -> None:
    lm = tiny("bert")
    expected = kept(lm, ReadoutCache(tmp_path))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"\x00" * 100)
    again = kept(lm, ReadoutCache(tmp_path))
    assert torch.equal(again.hidden, expected.hidden)
    calls = lm.calls
    kept(lm, ReadoutCache(tmp_path))
    assert lm.calls == calls


def test_arrays_of_another_number_of_rows_are_a_miss() -> None:
    lm, cache = tiny("bert"), ReadoutCache()
    kept(lm, cache)
    (key,) = cache._memory
    cache.put(key, {name: array[:2] for name, array in cache._memory[key].items()})
    assert len(kept(lm, cache)) == 3


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_a_disk_that_cannot_be_written_ends_the_writing_and_not_the_work(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("os.fsync", full)
    lm, cache = tiny("bert"), ReadoutCache(tmp_path)
    assert len(kept(lm, cache)) == 3
    assert os.strerror(code) in cache.note
    assert "is not used" in cache.note
    assert list(tmp_path.iterdir()) == []
    calls = lm.calls
    kept(lm, cache)
    assert lm.calls == calls, "memory still holds it"


def test_a_full_disk_cuts_no_file_that_a_reader_sees(tmp_path: Path) -> None:
    """A real limit on file size, at several points of a file: what is there afterwards is whole or not there."""
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        import torch
        from promptlab.model.cache import ReadoutCache
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for place, limit in enumerate((0, 1, 40, 500, 3000)):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            cache = ReadoutCache(Path(sys.argv[1]))
            cache.put(f"key{place}", {"hidden": torch.ones(1000)})
            assert cache.note, limit
        """
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_write_the_same_and_other_keys_side_by_side(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        import torch
        from promptlab.model.cache import ReadoutCache
        cache = ReadoutCache(Path(sys.argv[1]), disk_limit=200_000)
        for step in range(60):
            for key in (f"shared{step % 5}", f"{sys.argv[2]}{step % 7}"):
                cache.put(key, {"hidden": torch.full((1000,), float(step % 5))})
                found = ReadoutCache(Path(sys.argv[1])).get(f"shared{step % 5}")
                assert found is None or bool((found["hidden"] == step % 5).all())
        assert not cache.note, cache.note
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    assert {path.suffix for path in tmp_path.iterdir()} == {".readout"}
    assert all(ReadoutCache(tmp_path).get(path.stem) is not None for path in tmp_path.iterdir())
