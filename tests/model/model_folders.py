"""Changing a saved model's folder, and the sentence with which it is then refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from promptlab.errors import ModelError
from promptlab.model import load_model


def edit(folder: Path, file: str = "config.json", **changes: Any) -> Path:
    """The folder with other entries in one of its JSON files; None removes one."""
    table = (json.loads((folder / file).read_text()) if (folder / file).is_file() else {}) | changes
    (folder / file).write_text(json.dumps({key: value for key, value in table.items() if value is not None}))
    return folder


def refusal(folder: Path | str, **options: Any) -> str:
    """The sentence with which loading is refused."""
    with pytest.raises(ModelError) as error:
        load_model(str(folder), **options)
    return str(error.value)
