"""The room's names are had one by one, and none of the heavy libraries before they are needed."""

import subprocess
import sys
from types import ModuleType

import pytest

import promptlab.results


def loaded_after(statement: str) -> set[str]:
    check = (
        f"{statement}; import sys; print(*(m for m in ('numpy', 'scipy', 'sklearn', 'sqlite3') if m in sys.modules))"
    )
    return set(subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.split())


def test_events_need_no_numpy_and_only_figures_need_scipy_and_scikit_learn():
    assert loaded_after("from promptlab.results import Progress, Envelope, Run") == set()
    assert loaded_after("from promptlab.results import Scores") == {"numpy"}
    assert loaded_after("from promptlab.results import RunStore") == {"numpy", "sqlite3"}


@pytest.mark.parametrize("name", promptlab.results.__all__)
def test_every_public_name_is_there(name):
    # Not a module of the same name, which would hide it once imported.
    assert not isinstance(getattr(promptlab.results, name), ModuleType)


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="no attribute 'Score'"):
        _ = promptlab.results.Score
