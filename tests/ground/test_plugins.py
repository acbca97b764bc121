"""The door for plug-ins, tried with one that is installed as pip would leave it."""

import sys

import pytest

from promptlab import plugins
from promptlab.errors import ConfigError

MODULE = '''
"""A search from elsewhere."""
def anneal(pipeline, task, *, steps: int = 10):
    return "annealed"
not_a_function = 3
'''
ENTRY_POINTS = """
[promptlab.searches]
anneal = annealing:anneal
broken = annealing_missing:anneal
number = annealing:not_a_function
[promptlab.models]
masked = annealing:anneal
vision = annealing:anneal
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    (tmp_path / "annealing.py").write_text(MODULE)
    folder = tmp_path / "annealing-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: annealing\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("annealing", None)


@pytest.mark.usefixtures("installed")
def test_an_installed_plugin_is_listed_without_being_imported_and_found_by_name():
    assert "anneal" in plugins.names("searches")
    assert "annealing" not in sys.modules
    assert plugins.find("searches", "anneal")(None, None) == "annealed"


@pytest.mark.usefixtures("installed")
def test_ours_come_first_and_are_not_replaced(monkeypatch):
    assert plugins.names("models") == ["masked", "causal", "seq2seq", "vision"]
    monkeypatch.setattr(plugins, "BUILTIN", {"models": {"masked": "promptlab.text:fold"}})
    assert plugins.find("models", "masked")("A  B") == "a b"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["broken", "number"])
def test_a_plugin_that_does_not_load_is_named_with_its_error(name):
    with pytest.raises(
        ConfigError, match=r"plug-in 'annealing.*among the searches, cannot be loaded: .*Error.*uninstall"
    ):
        plugins.find("searches", name)


def test_an_unknown_name_says_the_nearest_and_what_there_is():
    message = r"There is no 'maskd' among the models\. Did you mean 'masked'\? There is: masked, causal, seq2seq"
    with pytest.raises(ConfigError, match=message):
        plugins.find("models", "maskd")
    with pytest.raises(ConfigError, match=r"There is no 'x' among the nothings\. There is none\."):
        plugins.find("nothings", "x")
