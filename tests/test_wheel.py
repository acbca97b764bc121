"""The wheel: built as anybody would, it holds everything and works far from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_library_samples_model_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "promptlab/library/templates/sst2.toml",
        "promptlab/library/verbalizers/sst2.toml",
        "promptlab/task/samples/reviews/dev.csv",
        "promptlab/task/samples/tickets/task.toml",
        "promptlab/model/embedded/model.safetensors",
        "promptlab/model/embedded/tokenizer.json",
        "promptlab/model/embedded/README.md",
        "promptlab/py.typed",
    }
    assert wanted - names == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not any(name.startswith("tests") or "/shared/" in name for name in names)


def test_the_installed_wheel_runs_the_main_job_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    place, cwd = tmp_path / "site", tmp_path / "empty"
    cwd.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, text=True)
    environment = {"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin", "PROMPTLAB_CACHE": str(tmp_path / "cache")}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd, env=environment).stdout

    assert str(place) in run("-c", "import promptlab; print(promptlab.__file__)")
    assert "accuracy" in run("-m", "promptlab", "eval", "--limit", "6").lower()
    assert "sst2" in run("-m", "promptlab", "templates", "list")
    used = run("-c", "import promptlab; print(promptlab.load_task('tickets').labels)")
    assert "shipping" in used
