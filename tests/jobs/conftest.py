"""The embedded model in float32, loaded once."""

import pytest

from promptlab.model import LanguageModel, load_model


@pytest.fixture(scope="session")
def embedded() -> LanguageModel:
    return load_model("embedded", dtype="float32", device="cpu")
