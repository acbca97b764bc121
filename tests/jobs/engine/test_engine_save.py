"""``save``: runs and bundles of the held evaluation are those that the commands make, and nothing is kept twice."""

import errno
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from commands import Command, runner
from engine_at_hand import AtHand

import promptlab
from promptlab.errors import BundleError, ConfigError
from promptlab.jobs.engine import live_rows
from promptlab.jobs.engine.held import Unread
from promptlab.jobs.engine.save import save
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.results import RunStore

WORDS = "positive=great,good negative=terrible,bad"


@pytest.fixture(scope="module")
def one_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def command(
    own_cache: Path,
    one_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Commands in the engine's folder, which is their workspace too."""
    monkeypatch.setenv("PROMPTLAB_CACHE", str(one_cache))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return runner(capsys)


@pytest.fixture
def kept(engine: AtHand) -> AtHand:
    """An engine in a folder of its own, its workspace the usual one there."""
    engine.held.workspace = engine.held.workspace / ".promptlab"
    return engine


def saved(engine: AtHand, what: str = "run", **fields: Any) -> Any:
    return engine.answer(save, engine.request("save", what=what, **fields))


def run_count(engine: AtHand) -> int:
    with RunStore.open(engine.held.workspace) as store:
        return len(store.runs())


@pytest.mark.parametrize("calibration", [None, "batch"])
def test_a_kept_run_is_the_one_that_eval_makes(kept: AtHand, command: Command, calibration: str | None) -> None:
    kept.read(WORDS, calibration=calibration)
    assert saved(kept, name="mine") == {"run": 1}
    asked = ("--calibrate", calibration) if calibration else ()
    same = ("--task", kept.task["reference"], "--template", kept.template, "--words", WORDS, "--dtype", "float32")
    made = command("eval", *same, *asked)
    assert made.code == 0, made.err
    mine, theirs = command("runs", "show", 1, "--json").results[0], command("runs", "show", 2, "--json").results[0]
    assert mine.keys() == theirs.keys() and mine["name"] == "mine"
    measured = [key for key in theirs if key not in ("run", "name", "created", "hash", "spec", "words_name")]
    unlike = {key for key in measured if json.dumps(mine[key]) != json.dumps(theirs[key])}
    about_figures = {"calibration", "log_loss", "brier", "ece"}  # the last bits hang on the batches
    assert unlike <= {"calls", "seconds", "rows_per_second", "template_name", *about_figures}
    assert mine["spec"].keys() == theirs["spec"].keys()
    assert (mine["calibration"] or {}).get("kind") == calibration
    compared = command("compare", 1, 2, "--json").results[0]
    assert compared["difference"] == 0 and compared["n"] == 60


def test_the_commands_work_on_a_kept_run(kept: AtHand, command: Command) -> None:
    kept.task = {"reference": "sample"}
    figures = kept.read(WORDS, calibration="contextual")
    saved(kept, template_name="mine#1", words_name="two each")
    shown = command("runs", "show", 1)
    assert shown.code == 0 and f"{figures['accuracy']:.3f}" in shown.out and "two each" in shown.out
    wrong = command("runs", "rows", 1, "--wrong", "--json")
    assert len(wrong.results) == 60 - figures["correct"] and all(row["fields"]["text"] for row in wrong.results)
    (why,) = command("why", "--run", 1, "--row", wrong.results[0]["id"], "--json").results
    assert why["prediction"] == wrong.results[0]["predicted"] != wrong.results[0]["label"]
    made = command("bundle", "save", 1, "bundles/mine")
    assert made.code == 0 and 'promptlab predict bundles/mine "text"' in made.err + made.out
    again = command("eval", "--bundle", "bundles/mine", "--json").results[0]
    assert again["correct"] == figures["correct"] and again["calibration"]["kind"] == "contextual"


def test_rows_of_a_sample_are_found_again(
    kept: AtHand, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"number {n} was {'nice' if n % 3 else 'sad'},{'positive' if n % 3 else 'negative'}" for n in range(90)]
    (tmp_path / "lone.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    monkeypatch.setattr(live_rows, "LIVE", 40)
    kept.task = {"reference": "lone.csv"}
    figures = kept.read(WORDS)
    assert figures["n"] == 40 and "40 of 90" in figures["rows"]
    saved(kept)
    rows = command("runs", "rows", 1, "--json").results
    texts = {f"{row['fields']['text']},{row['label']}" for row in rows}
    assert len(rows) == 40 and texts < set(lines)
    read = kept.held.reading
    assert read is not None and [row.fields["text"] for row in read.rows if row.fields["text"] not in str(texts)] == []


def test_the_same_evaluation_is_kept_once(
    kept: AtHand, small_task: Path, embedded: LanguageModel, shared_cache: ReadoutCache
) -> None:
    kept.read(WORDS)
    first = saved(kept, name="a")["run"]
    assert saved(kept, name="b")["run"] == first and run_count(kept) == 1
    kept.score("positive=fine negative=bad")
    second = saved(kept, pinned=True)["run"]
    assert second != first and run_count(kept) == 2
    kept.score(WORDS)
    assert saved(kept)["run"] == first
    started_again = AtHand(kept.held.workspace, small_task, embedded, shared_cache)
    started_again.read(WORDS)
    assert saved(started_again)["run"] == first and run_count(kept) == 2
    with RunStore.open(kept.held.workspace) as store:
        assert [run.pinned for run in store.runs()] == [True, False]
        store.delete([first])
    assert saved(kept, pinned=True)["run"] > second
    with RunStore.open(kept.held.workspace) as store:
        assert store.get("last").pinned and store.get("last").scores is not None


def test_pinning_what_is_kept_already_pins_it(kept: AtHand) -> None:
    kept.read(WORDS)
    number = saved(kept)["run"]
    assert saved(kept, pinned=True)["run"] == number
    assert saved(kept)["run"] == number  # and not asking for it takes no pin away
    with RunStore.open(kept.held.workspace) as store:
        assert store.get(str(number)).pinned


def test_what_is_not_complete_is_not_kept(kept: AtHand) -> None:
    with pytest.raises(Unread):
        saved(kept)
    figures = kept.read(WORDS)
    assert kept.held.reading is not None
    kept.held.reading.complete = False
    for what in ("run", "bundle"):
        with pytest.raises(Unread, match="are read"):
            saved(kept, what, folder="bundles/mine")
    kept.held.reading.complete = True
    kept.score_rev += 1
    with pytest.raises(Unread, match="not been scored"):
        saved(kept)
    assert figures["complete"] and not (kept.held.workspace / "runs.db").exists()
    with pytest.raises(ConfigError, match="Unknown thing to save 'all'"):
        saved(kept, "all")


@pytest.mark.parametrize("folder", ["bundles/mine", "it's a 'fine' folder; rm -rf $HOME", "-x"])
def test_the_command_of_a_saved_bundle_works(kept: AtHand, command: Command, folder: str) -> None:
    figures = kept.read(WORDS, calibration="contextual")
    answer = saved(kept, "bundle", folder=folder, about="films,\nas they are [b]reviewed[/b]")
    assert answer["folder"] == folder
    program, *arguments = shlex.split(answer["command"])
    ran = command(*arguments)
    assert program == "promptlab" and ran.code == 0, ran.err
    assert "negative" in ran.out or "positive" in ran.out
    (shown,) = command("bundle", "show", "./" + folder, "--json").results
    assert shown["metrics"]["accuracy"] == figures["accuracy"] and shown["data"]["split"] == "dev"
    assert shown["about"].startswith("films,") and shown["verbalizer"]["calibration"]["kind"] == "contextual"
    assert "as they are" in Path(folder, "README.md").read_text()
    assert "About" in command("bundle", "show", "./" + folder).out


def test_a_bundle_predicts_what_the_rows_were_given(kept: AtHand, command: Command) -> None:
    kept.read(WORDS, calibration="batch")
    saved(kept, "bundle", folder="here")
    reading = kept.held.reading
    assert reading is not None
    judged = reading.scores(*reading.newest()[:2])
    classifier = promptlab.load("here", reading.lm)
    given = classifier.predict([row.fields["text"] for row in reading.rows])
    assert given == [judged.scores.labels[place] for place in judged.scores.predictions]


def test_a_bundle_that_cannot_be_written_leaves_nothing(
    kept: AtHand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.read(WORDS)
    monkeypatch.chdir(tmp_path)
    Path("taken").mkdir()
    Path("taken", "file").write_text("mine")
    with pytest.raises(BundleError, match="exists already"):
        saved(kept, "bundle", folder="taken")
    assert Path("taken", "file").read_text() == "mine"
    for folder, said in (("", "needs a folder"), ("a\0b", "no name"), ("x" * 300, "cannot be written")):
        with pytest.raises(BundleError, match=said):
            saved(kept, "bundle", folder=folder)
    with pytest.raises(BundleError, match="cannot be written"):
        saved(kept, "bundle", folder="taken/file/below")

    def full(self: Path, *args: Any, **kwargs: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BundleError, match="No space left on device"):
        saved(kept, "bundle", folder="bundles/mine")
    assert list(Path("bundles").iterdir()) == []
