"""``promptlab words learn`` as a user runs it: learn, save, use; and what it refuses."""

import json
from pathlib import Path

import pytest

import promptlab
from promptlab.cli.main import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def learn(*arguments: str) -> int:
    return main(["words", "learn", "--task", "reviews", "--words", "sst2#manual", *arguments])


@pytest.mark.parametrize("method", ["soft", "prototype", "linear", "auto"])
def test_what_was_learnt_is_saved_and_used_in_three_lines(
    method: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn("--method", method, "--k", "8", "--out", "bundles/mine", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["n"] == 60 and 0 <= result["accuracy"] <= 1
    classify = promptlab.load("bundles/mine", device="cpu")
    assert {one["label"] for one in classify(["a great film", "an awful mess"])} <= {"negative", "positive"}
    assert main(["eval", "--bundle", "bundles/mine", "--task", "reviews", "--json"]) == 0
    (evaluated,) = json.loads(capsys.readouterr().out)["results"]
    assert 0 <= evaluated["accuracy"] <= 1 and evaluated["verbalizer"]
    assert main(["why", "--bundle", "bundles/mine", "a great film"]) == 0


def test_weights_go_into_a_verbalizer_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "positive=great,good negative=terrible,bad"
    command = ["words", "learn", "--task", "reviews", "--words", words, "--method", "weights", "--k", "8"]
    assert main([*command, "--out", "verbalizers/mine.toml#weighted"]) == 0
    capsys.readouterr()
    assert main(["words", "show", "verbalizers/mine.toml#weighted", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["results"]
    assert sum(word["weight"] for word in shown["words"]["positive"]) == pytest.approx(1, abs=1e-5)


def test_depths_are_averaged_on_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert learn("--method", "linear", "--k", "4", "--depths", "4,6", "--average", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert [one["name"] for one in result["tried"]] == ["linear over 2 depths"]
    assert result["tried"][0]["depths"] == [4, 6]


def test_several_seeds_give_mean_and_deviation(capsys: pytest.CaptureFixture[str]) -> None:
    assert learn("--method", "linear", "--k", "4", "--seeds", "1,2", "--depths", "4,6") == 0
    shown = capsys.readouterr().out
    assert "Mean accuracy" in shown and "(sd " in shown and "over 2 seeds" in shown


def test_one_row_a_label_is_said_in_good_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert learn("--method", "soft", "--k", "1", "--limit", "5") == 0
    assert "Chosen on 1 row a label" in capsys.readouterr().err


def test_stopped_in_the_middle_it_leaves_no_bundle(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("promptlab.jobs.words.methods.choose", stop)
    assert learn("--k", "4", "--out", "bundles/mine") == 130
    told = capsys.readouterr()
    assert told.out == "" and told.err.endswith("Stopped. Nothing was stored.\n")
    assert not (folder / "bundles").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--method", "linear", "--k", "1"), "2 of each label are needed"),
        (("--method", "prototype", "--k", "1"), "2 of each label are needed"),
        (("--seeds", "13,4294967296"), "--seeds '13,4294967296': write whole numbers below"),
        (("--seed", "4294967296"), "--seed 4294967296: write whole numbers below"),
        (("--out", "notes.txt/mine"), "nothing can be written there"),
        (("--method", "weights", "--out", "notes.txt/mine.toml#x"), "nothing can be written there"),
        (("--method", "weights", "--average"), "--average"),
        (("--method", "linear", "--average", "--depths", "4"), "Name two or more"),
        (("--method", "linear", "--depths", "7"), "layer"),
        (("--method", "weights", "--depths", "3"), "weights are learnt there"),
        (("--method", "linear", "--out", "verbalizers/mine.toml#x"), "bundles/"),
        (("--method", "linear", "--k", "4000"), "Take a smaller k"),
        (("--split", "train"), "not be on unseen rows"),
    ],
)
def test_what_cannot_be_learnt_is_said_in_a_sentence(
    arguments: tuple[str, ...], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("a file")
    assert learn(*arguments) == 2
    assert told in capsys.readouterr().err
    assert not (folder / "verbalizers").exists() and not (folder / "bundles").exists()
