"""The house: a room imports only rooms printed above it, and light rooms bring in nothing heavy."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "promptlab"
ROOMS = (
    "ground",
    "task",
    "template",
    "verbalizer",
    "results",
    "spec",
    "model",
    "scoring",
    "pipeline",
    "search",
    "jobs",
    "tui",
    "cli",
)
# Ground-floor files of the package, and those that stand higher.
PLACES = {"options": "ground", "spec": "spec", "__main__": "cli"}
HEAVY = {"torch", "transformers", "textual", "sklearn", "scipy", "pyarrow", "numpy", "nltk", "peft"}


def room_of(module: str) -> str:
    parts = module.split(".")[1:]
    if not parts or parts[0] == "__init__":
        return "top"
    return parts[0] if parts[0] in ROOMS else PLACES.get(parts[0], "ground")


def imports(path: Path) -> Iterator[str]:
    """The modules of promptlab that a file imports, wherever in it, except for type checkers alone."""
    for node in _walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("promptlab"):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("promptlab"))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)):
            yield from _walk(child)


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_rooms_above_its_own(path: Path) -> None:
    module = ".".join(("promptlab", *path.relative_to(PACKAGE).with_suffix("").parts))
    own = ROOMS.index(room_of(module))
    below = [name for name in imports(path) if room_of(name) != "top" and ROOMS.index(room_of(name)) > own]
    assert below == []


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "room", ["promptlab", "promptlab.template", "promptlab.verbalizer", "promptlab.results.events"]
)
def test_a_light_room_brings_in_nothing_heavy(room: str) -> None:
    assert loaded_after(f"import {room}") & HEAVY == set()


@pytest.mark.parametrize("room", ["promptlab.task", "promptlab.results", "promptlab.spec", "promptlab.jobs.plan"])
def test_rooms_above_the_models_bring_in_no_torch(room: str) -> None:
    assert loaded_after(f"import {room}") & {"torch", "transformers", "textual"} == set()


def test_the_application_brings_in_nothing_that_computes() -> None:
    heavy = {*HEAVY, "tokenizers"} - {"textual"}
    assert loaded_after("from promptlab.tui import app, modes; modes.load_all()") & heavy == set()


def test_no_file_of_the_package_can_run_code_from_data() -> None:
    banned = {"pickle", "dill", "joblib", "marshal", "shelve"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                assert not banned & {name.split(".")[0] for name in names}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile"), path
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                assert isinstance(node.value, ast.Constant) and node.value.value is False, path
