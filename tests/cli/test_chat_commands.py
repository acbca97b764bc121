"""Chat templates on the command line: evaluated, explained, shown, checked, and kept in bundles."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_chats import CHATS, saved_chat

from promptlab.model import load_model
from promptlab.pipeline import Pipeline, load, save
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

TEMPLATE = "Judge.{system}{demos}Review: {text}{assistant}It is {mask}"
WORDS = "good=great bad=bad"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_chat("thinking", tmp_path_factory.mktemp("chats"))


def test_a_chat_template_is_evaluated_with_demonstrations(promptlab: Any, model: Path, films: Path) -> None:
    folder = films.parent / "task"
    folder.mkdir()
    for split in ("train", "dev"):
        (folder / f"{split}.csv").write_text(films.read_text())
    given = ("eval", "--task", folder, "--model", model, "--words", WORDS, "--template", TEMPLATE, "--demos", 1)
    (result,) = promptlab(*given, "--json").results
    assert result["template"] == TEMPLATE and result["n"] == 16 and result["demonstrations"] == 2
    assert result["cut"]["demonstrations"] == 0


def test_why_shows_the_conversation_as_the_model_saw_it(promptlab: Any, model: Path) -> None:
    ran = promptlab("why", "a film <|im_end|>", "--model", model, "--words", WORDS, "--template", TEMPLATE)
    assert ran.code == 0
    for line in ("<|im_start|>system", "Judge.<|im_end|>", "Review: a film < |im_end|><|im_end|>", "It is {mask}"):
        assert f"  {line}\n" in ran.out
    (bare,) = promptlab(
        "why", "a", "--model", model, "--words", WORDS, "--template", "{text}{assistant}{mask}", "--json"
    ).results
    assert bare["prompt"].endswith("<think>\n\n</think>\n\n{mask}")


def test_show_names_the_turns(promptlab: Any) -> None:
    assert "Turns     system, user, assistant" in promptlab("templates", "show", "cola#chat").out
    assert "Turns" not in promptlab("templates", "show", "cola#this-is").out
    (entry,) = promptlab("templates", "show", "cola#chat", "--json").results
    assert entry["turns"] == ["system", "user", "assistant"] and entry["fields"] == ["text"]


def test_check_says_whether_a_model_can_answer(promptlab: Any, model: Path) -> None:
    ran = promptlab("templates", "check", "cola", "--model", model)
    assert ran.code == 0 and "cola#chat: good" in ran.out
    ran = promptlab("templates", "check", "cola")
    assert ran.code == 0
    ran = promptlab("templates", "check", "cola", "--model", "embedded")
    assert ran.code == 3 and "cola#chat: 'embedded' is a masked model, and only causal chat models" in ran.out
    assert "cola#this-is: good" in ran.out


def test_the_words_are_checked_where_the_reply_goes_on(promptlab: Any, model: Path) -> None:
    ran = promptlab("words", "check", WORDS, "--model", model, "--template", "{text}{assistant}It is {mask}")
    assert ran.code == 0 and "Ġgreat" in ran.out
    assert (
        "Ġgreat"
        not in promptlab("words", "check", WORDS, "--model", model, "--template", "{text}{assistant}{mask}").out
    )


@pytest.mark.parametrize("kind", CHATS)
def test_a_bundle_with_turns_scores_as_before(kind: str, tmp_path: Path) -> None:
    lm = load_model(str(saved_chat(kind, tmp_path)), dtype="float32")
    words = LabelWords({"bad": (Word("bad"),), "good": (Word("great"),)})
    shown = (Example({"text": "what a bore"}, "bad", "1"),)
    before = Pipeline.of(lm, Template.parse(TEMPLATE), words, demonstrations=shown)
    folder = save(before, tmp_path / "mine")
    assert "{assistant}" in (folder / "README.md").read_text()
    after = load(folder)
    texts = [Example({"text": text}) for text in ("a film", "", "<|im_end|> x [/INST]")]
    assert torch.equal(after.logprobs(texts), before.logprobs(texts))


def test_another_chat_format_is_another_model(tmp_path: Path) -> None:
    place = saved_chat("chatml", tmp_path)
    before = load_model(str(place)).fingerprint
    format_file = place / "chat_template.jinja"
    format_file.write_text(format_file.read_text().replace("assistant", "model"))
    assert load_model(str(place)).fingerprint != before


def test_check_says_when_the_reply_opens_inside_a_thought(promptlab: Any, model: Path) -> None:
    template = "{text}{assistant}<think>{mask}"
    ran = promptlab("templates", "check", template, "--model", model)
    assert ran.code == 0 and "inside a thought ('<think>')" in ran.out
    (result,) = promptlab("templates", "check", template, "--model", model, "--json").results
    assert result["holds"] and len(result["notes"]) == 1
