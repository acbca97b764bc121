"""RunSpec: names and types checked where they stand, written back as read, hashed by what they say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.spec import RunSpec

TOML = """
task = "mine.csv"
template = ["{text} It was {mask}, really.", "sst2#it-was"]
words = "positive=great,good negative=bad"
seeds = [13, 21]
k = 16
minutes = 2
calibrate = "batch"

[search]
method = "autoprompt"
steps = 60
"""


def test_a_file_is_read_under_the_names_of_the_options(tmp_path):
    (tmp_path / "run.toml").write_text(TOML)
    spec = RunSpec.from_toml(tmp_path / "run.toml")
    assert spec.template == ("{text} It was {mask}, really.", "sst2#it-was")
    assert spec.words == ("positive=great,good negative=bad",)
    assert (spec.seeds, spec.k, spec.minutes, spec.model) == ((13, 21), 16, 2.0, ("embedded",))
    assert spec.search == {"method": "autoprompt", "steps": 60}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"tempalte": "x"}, r"run\.toml: unknown key 'tempalte'\. Did you mean 'template'\?"),
        ({"k": "many"}, r"run\.toml: k takes a whole number or none, not 'many'"),
        ({"k": 1.5}, r"k takes a whole number or none, not 1\.5"),
        ({"k": True}, "k takes a whole number or none, not True"),
        ({"k": 0}, "k must be 1 or more, not 0"),
        ({"limit": -3}, "limit must be 1 or more, not -3"),
        ({"minutes": 0}, "minutes must be above 0"),
        ({"seeds": [13, -1]}, "seed and seeds must be 0 or more"),
        ({"seeds": [13, "x"]}, r"seeds takes a whole number, or a list of such, not \[13, 'x'\]"),
        ({"template": [1]}, r"template takes a text, or a list of such, not \[1\]"),
        ({"task": ["a", "b"]}, "task takes a text or none"),
        ({"calibrate": "bath"}, "calibrate takes batch or contextual or domain or pmi or word or none"),
        ({"search": "autoprompt"}, r"\[search\] is a table of options, not 'autoprompt'"),
        ({"fit": {"learning_rate": float("nan")}}, r"\[fit\] may hold texts, numbers"),
    ],
)
def test_a_wrong_key_or_value_is_named(table, message):
    with pytest.raises(ConfigError, match=message):
        RunSpec.from_table(table, where="run.toml")


def test_options_override_the_file_and_none_is_not_given(tmp_path):
    (tmp_path / "run.toml").write_text(TOML)
    spec = RunSpec.from_toml(tmp_path / "run.toml").override(k=8, task=None, search={"steps": 5})
    assert (spec.k, spec.task, spec.search) == (8, "mine.csv", {"method": "autoprompt", "steps": 5})


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"options: unknown key 'modle'\. Did you mean 'model'"):
        RunSpec().override(modle="x")


specs = st.builds(
    RunSpec,
    task=st.none() | st.text(),
    template=st.lists(st.text(), max_size=3).map(tuple),
    seeds=st.lists(st.integers(0, 10**6), max_size=3).map(tuple),
    minutes=st.none() | st.floats(0.1, 1e6),
    calibrate=st.sampled_from([None, "batch", "contextual", "domain", "pmi", "word"]),
    search=st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.booleans(), max_size=3),
)


@given(specs)
def test_a_table_is_read_back_as_the_same_spec(spec):
    again = RunSpec.from_table(spec.to_table(), where="t")
    assert again == spec
    assert again.hash() == spec.hash()


def test_the_hash_does_not_depend_on_the_order_of_keys():
    tables = ({"task": "a", "fit": {"x": 1, "y": 2}}, {"fit": {"y": 2, "x": 1}, "task": "a"})
    first, second = (RunSpec.from_table(table, where="t").hash() for table in tables)
    assert first == second
    assert len(first) == 64 and set(first) <= set("0123456789abcdef")


def test_the_hash_is_the_same_from_one_version_to_the_next():
    # Stored runs are found by it: this changes only when what a spec means changes.
    assert RunSpec().hash() == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of {}


def test_the_hash_tells_runs_apart_and_says_nothing_of_where_they_go():
    spec = RunSpec(task="a")
    assert spec.hash() != RunSpec(task="b").hash()
    assert spec.override(out="elsewhere").hash() == spec.hash()


def test_what_a_reference_stood_for_takes_its_place_in_the_hash():
    short, whole = RunSpec(template=("sst2#it-was",)), RunSpec(template=("{text} It was {mask}.",))
    assert short.hash(resolved={"template": "{text} It was {mask}."}) == whole.hash()
    assert short.hash(resolved={"fingerprint": "1"}) != short.hash(resolved={"fingerprint": "2"})


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"There is no file 'none\.toml'"):
        RunSpec.from_toml(Path("none.toml"))
