"""Models that come as packages: licence first, put together, unpacked, and no copy left; named when not installed."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_ggufs import write_gguf

from promptlab.errors import ModelError
from promptlab.model import load_model, packaged
from promptlab.model.packaged import GEMMA
from promptlab.model.source import find
from promptlab.model.weights import content_hash
from promptlab.paths import cache_folder

_MODULE = """
import shutil
from pathlib import Path
CALLS = []
def assemble(path):
    CALLS.append(path)
    shutil.copyfile(Path(__file__).with_name("tiny.gguf"), path)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package ``tiny_packaged_gguf`` with a model, in the place of the real one."""
    folder = tmp_path / "site" / "tiny_packaged_gguf"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(_MODULE)
    path = write_gguf("gemma3", folder / "tiny.gguf", packing="Q4_0")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "tiny_packaged_gguf", raising=False)
    importlib.invalidate_caches()
    tiny = replace(GEMMA, module="tiny_packaged_gguf", distribution="pytest", sha256=content_hash(path))
    monkeypatch.setitem(packaged.PACKAGED, GEMMA.name, tiny)  # type: ignore[arg-type]
    return folder


def test_the_licence_is_said_first_and_no_copy_is_left(package: Path) -> None:
    said: list[str] = []
    lm = load_model(GEMMA.name, dtype="float32", say=said.append)
    assert said[0].startswith("gemma-3-270m is used under the Gemma terms of use (https://ai.google.dev/gemma/terms)")
    assert str(package / "data" / "GEMMA_TERMS.html") in said[0] and said[1].startswith("Unpacking gemma-3-270m.gguf")
    assert "Licence" not in said[1]
    assert (lm.name, lm.quantization) == (GEMMA.name, "Q4_0")
    left = [path for path in cache_folder("converted").iterdir() if path.suffix != ".lock"]
    source = find(GEMMA.name)
    assert left == [source.folder]
    assert "Licence: Gemma terms of use" in (source.folder / "README.md").read_text()


def test_the_second_use_needs_no_package_and_equals_the_file_itself(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = find(GEMMA.name)
    assert len(sys.modules["tiny_packaged_gguf"].CALLS) == 1
    monkeypatch.setattr(packaged, "is_installed", lambda model: False)
    assert find(GEMMA.name) == first
    by_path = find(str(package / "tiny.gguf"))
    assert (by_path.folder, by_path.fingerprint) == (first.folder, first.fingerprint)


def test_a_package_that_is_not_installed_is_named_with_command_and_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "is_installed", lambda model: False)
    with pytest.raises(ModelError, match=r'not installed.*pip install "\.\[gemma\]".*Gemma terms of use'):
        find(GEMMA.name)
    with pytest.raises(ModelError, match="only a hub's models have revisions"):
        find(GEMMA.name, revision="main")


@pytest.mark.parametrize(
    ("error", "said"),
    [("ValueError('sha256')", "is damaged"), ("OSError(28, 'No space left')", r"cannot be put together in .*No space")],
)
def test_a_package_that_cannot_be_put_together_leaves_nothing(error: str, said: str, package: Path) -> None:
    (package / "__init__.py").write_text(f"def assemble(path):\n    path.write_bytes(b'GG')\n    raise {error}\n")
    with pytest.raises(ModelError, match=said):
        find(GEMMA.name)
    assert [path for path in cache_folder("converted").iterdir() if path.suffix != ".lock"] == []


def test_a_package_with_another_model_is_refused(package: Path) -> None:
    (package / "__init__.py").write_text("def assemble(path):\n    path.write_bytes(b'GGUF')\n")
    with pytest.raises(ModelError, match=r"holds another model .*force-reinstall"):
        find(GEMMA.name)
