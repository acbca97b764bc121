"""``promptlab model adapt`` and ``model pretrain`` from the shell: options, output, Ctrl-C and --resume."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from test_stopping import start, stop
from tiny_models import saved

SENTENCES = ("the film was great and the story good", "the team won the game on sunday", "what is the answer")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{SENTENCES[number % 3]} {number}\n" for number in range(200)))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return saved("bert", tmp_path)


def test_adapt_prints_what_came_of_it_and_eval_takes_the_model(
    promptlab: Any, model: Path, text: Path, films: Path
) -> None:
    options = ("--steps", 5, "--sequence", 32, "--batch-pieces", 256)
    ran = promptlab("model", "adapt", model, "--text", text, "--out", "out", *options)
    assert ran.code == 0, ran.err
    assert re.search(r"Validation +loss \d+\.\d+ before, \d+\.\d+ after", ran.out)
    assert "whole-word masking, all weights: 5 steps" in " ".join(ran.out.split())
    assert "The model will take" in ran.err and "--model out" in ran.err
    evaluated = promptlab("eval", "--task", films, "--words", "good=great bad=bad", "--model", "out")
    assert evaluated.code == 0


def test_a_column_and_json(promptlab: Any, model: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("note,id\n" + "".join(f'"{SENTENCES[row % 3]}, {row}",{row}\n' for row in range(100)))
    ran = promptlab(
        "model", "adapt", model, "--text", table, "--column", "note", "--out", "out", "--steps", 2, "--sequence", 32,
        "--json",
    )  # fmt: skip
    (result,) = ran.results
    assert (result["documents"], result["steps"], result["out"]) == (100, 2, "out")
    assert {"validation_loss_before", "validation_loss", "perplexity", "pieces"} <= set(result)


def test_several_files_follow_text_as_the_shell_writes_them_out(
    promptlab: Any, model: Path, text: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second.txt"
    second.write_text("".join(f"another text {number}\n" for number in range(50)))
    ran = promptlab(
        "model", "adapt", model, "--text", text, second, "--out", "out", "--steps", 1, "--sequence", 32, "--json"
    )
    assert ran.results[0]["documents"] == 250
    refused = promptlab("model", "adapt", model, text, "--out", "other")
    assert refused.code == 2 and "Files of text come after --text" in refused.err


def test_pretrain_streams_events(promptlab: Any, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(f"{SENTENCES[number % 3]} {number}\n" for number in range(1500)))
    ran = promptlab(
        "model", "pretrain", "--family", "causal", "--text", text, "--out", "out", "--steps", 3, "--sequence", 32,
        "--batch-pieces", 128, "--events",
    )  # fmt: skip
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["step"] for line in lines if line["event"] == "progress"] == [1, 2, 3]
    assert lines[-1]["event"] == "done" and lines[-1]["result"]["command"] == "model pretrain"
    assert lines[-1]["result"]["results"][0]["family"] == "causal"
    assert promptlab("model", "check", "out").code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--text", "none.txt"), "There is no file 'none.txt'."),
        (("--text", "text.txt", "--steps", "5", "--minutes", "1"), "two budgets"),
        (("--text", "text.txt", "--json", "--events"), "choose one"),
        ((), "name a file with --text"),
        (("--text", "text.txt", "--sequence", "9999"), "reads at most 64 pieces"),
    ],
)
def test_errors_are_one_sentence(
    promptlab: Any, model: Path, text: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = promptlab("model", "adapt", model, "--out", "out", *arguments)
    assert ran.code == 2 and sentence in ran.err and "Traceback" not in ran.err and not ran.out


def test_a_run_that_is_stopped_with_ctrl_c_goes_on_with_resume(
    promptlab: Any, model: Path, text: Path, shared_cache: Path, tmp_path: Path
) -> None:
    arguments = ["model", "adapt", model, "--text", text, "--out", tmp_path / "out", "--sequence", 32]
    arguments += ["--batch-pieces", 64, "--steps", 100_000, "--learning-rate", "1e-4", "--threads", 1]
    process = start(shared_cache, *arguments, "--events")
    assert process.stdout is not None
    next(line for line in process.stdout if '"progress"' in line)
    _, err, seconds = stop(process)
    assert process.returncode == 130 and seconds < 10 and "Traceback" not in err
    assert "Stopped. The checkpoint of step" in err and "with --resume goes on" in err
    assert not (tmp_path / "out").exists()
    refused = promptlab(*arguments)
    assert refused.code == 2 and "--resume" in refused.err
    other = promptlab(*arguments[:-6], "--steps", 5, "--resume")
    assert other.code == 2 and "another value of" in other.err
