"""The run store: what goes in comes out, references name runs, and deleting takes all or nothing."""

import sqlite3
import stat
from dataclasses import replace

import pytest
from made_scores import drawn

from promptlab.errors import ConfigError, StoreError
from promptlab.results.events import Done, Envelope, Found, Note, Progress
from promptlab.results.run import Run
from promptlab.results.store import RunStore

RUN = Run(
    name="it-was",
    command="promptlab eval --task reviews",
    spec={"task": "reviews", "template": "{text} It was {mask}."},
    spec_hash="0123abcd" * 8,
    result={"n": 3, "accuracy": 0.5},
    task="reviews",
    fingerprint="f00d",
)


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "work" / ".promptlab") as opened:
        yield opened


def test_the_workspace_is_for_its_user_alone(store):
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_run_comes_back_as_it_went_in(store):
    scores = drawn(30, seed=1, labels=("schlecht", "größer"), unlabelled=0.2)
    number = store.add(replace(RUN, scores=scores))
    back = store.get(str(number))
    assert replace(back, scores=None, id=0) != back
    for field in ("name", "command", "spec", "spec_hash", "result", "task", "fingerprint", "pinned", "created"):
        assert getattr(back, field) == getattr(RUN, field)
    assert back.id == number
    assert (back.scores.labels, back.scores.ids) == (scores.labels, scores.ids)
    assert (back.scores.values == scores.values).all() and (back.scores.targets == scores.targets).all()
    assert back.scores.figures() == scores.figures()


def test_a_file_name_that_is_no_utf_8_is_stored_with_its_bytes_visible(store):
    store.add(replace(RUN, name="caf\udce9", task="caf\udce9.csv", spec={"task": "caf\udce9.csv"}))
    back = store.get("last")
    assert (back.task, back.spec) == ("caf\\udce9.csv", {"task": "caf\udce9.csv"})


def test_a_run_without_scores_has_none(store):
    assert store.get(str(store.add(RUN))).scores is None


def test_runs_are_listed_newest_first_without_their_scores(store):
    for name in ("first", "second", "third"):
        store.add(replace(RUN, name=name, scores=drawn(2, seed=0)))
    assert [run.name for run in store.runs()] == ["third", "second", "first"]
    assert [(run.name, run.scores) for run in store.runs(limit=1)] == [("third", None)]


def test_references_name_runs_by_number_by_age_and_by_hash(store):
    store.add(replace(RUN, name="one", spec_hash="1111" * 16))
    store.add(replace(RUN, name="two", spec_hash="abcd" * 16))
    store.add(replace(RUN, name="three", spec_hash="abcd" * 16))
    names = {reference: store.get(reference).name for reference in ("1", "last", "last-1", "last-2", "abcd", "1111")}
    assert names == {"1": "one", "last": "three", "last-1": "two", "last-2": "one", "abcd": "three", "1111": "one"}


def test_a_hash_that_two_specs_begin_with_is_refused(store):
    store.add(replace(RUN, spec_hash="abcd1" + "0" * 59))
    store.add(replace(RUN, spec_hash="abcd2" + "0" * 59))
    with pytest.raises(ConfigError, match="begins the hash of runs 1, 2"):
        store.get("abcd")
    assert store.get("abcd2").id == 2


@pytest.mark.parametrize(
    "reference", ["7", "last-1", "ffff", "", "last-", "abc*", "[0-9]*", "9" * 20, "last-" + "9" * 20, "٣"]
)
def test_an_unknown_reference_says_what_there_is(store, reference):
    store.add(RUN)
    with pytest.raises(ConfigError, match="holds 1 run, the last is 1; promptlab runs list shows them"):
        store.get(reference)


def test_an_empty_store_says_how_to_make_a_run(store):
    with pytest.raises(ConfigError, match="holds no run yet: promptlab eval makes the first"):
        store.get("last")


def test_deleting_takes_the_scores_too_and_no_number_comes_back(store):
    number = store.add(replace(RUN, scores=drawn(5, seed=0)))
    store.delete([number])
    with sqlite3.connect(store.path) as other:
        assert other.execute("SELECT count(*) FROM scores").fetchone() == (0,)
    other.close()
    assert store.add(RUN) == number + 1


def test_deleting_what_is_not_there_deletes_nothing(store):
    number = store.add(RUN)
    with pytest.raises(ConfigError, match="There is no run 9"):
        store.delete([number, 9])
    assert [run.id for run in store.runs()] == [number]


def test_a_pin_is_set_and_taken_away(store):
    number = store.add(RUN)
    store.pin(number)
    assert store.get("last").pinned
    store.pin(number, pinned=False)
    assert not store.get("last").pinned
    with pytest.raises(ConfigError, match="There is no run 5"):
        store.pin(5)


def envelope(seq, event):
    return Envelope("job-1", seq, 1000.0 + seq, "abc", event)


def test_events_are_kept_in_order_and_progress_is_not(store):
    kept = [envelope(1, Note("info", "größer\n")), envelope(3, Found("{text} {mask}", {"a": ["b"]}, 0.8, 32, 5))]
    store.add_events("job-1", [kept[0], envelope(2, Progress(1, 60)), kept[1]], state={"step": 1, "random": [1, 2]})
    store.add_events("job-1", [envelope(4, Done("finished"))], state={"step": 2})
    assert store.events("job-1") == [*kept, envelope(4, Done("finished"))]
    assert store.events("job-1", after=3) == [envelope(4, Done("finished"))]
    assert store.state("job-1") == (4, {"step": 2})
    assert store.events("job-2") == [] and store.state("job-2") is None


def test_a_step_and_its_state_are_stored_together_or_not_at_all(store):
    store.add_events("job-1", [envelope(1, Note("info", "one"))], state={"step": 1})
    with pytest.raises(sqlite3.IntegrityError):
        store.add_events(
            "job-1", [envelope(2, Note("info", "two")), envelope(1, Note("info", "again"))], state={"step": 2}
        )
    assert [one.seq for one in store.events("job-1")] == [1]
    assert store.state("job-1") == (1, {"step": 1})


def test_scores_whose_bytes_are_cut_are_a_store_error(store):
    store.add(replace(RUN, scores=drawn(5, seed=0)))
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE scores SET logprobs = substr(logprobs, 1, 7)")
    other.close()
    with pytest.raises(StoreError, match=r"The scores of this run in .* are damaged"):
        store.get("last")
