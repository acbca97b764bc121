"""The room is light: its names load nothing heavy until they are used."""

import subprocess
import sys

import promptlab.task

HEAVY = ("torch", "transformers", "textual", "pyarrow", "numpy", "datasets")


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_room_loads_nothing_heavy() -> None:
    assert not loaded_after("import promptlab.task").intersection(HEAVY)


def test_loading_a_task_loads_no_model_library() -> None:
    code = "from promptlab.task import load_task, check_task, split_file; load_task('sample')"
    assert not loaded_after(code).intersection({"torch", "transformers", "textual", "datasets"})


def test_every_public_name_is_there() -> None:
    assert all(getattr(promptlab.task, name) is not None for name in promptlab.task.__all__)
