"""``parse``: problems with their places before a model is loaded, and the pieces of a prompt with one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live_readings import REVIEWS, begun
from tiny_models import tiny

from promptlab.errors import DataError
from promptlab.jobs.engine.parse import parse
from promptlab.model import LanguageModel
from promptlab.model.pieces_of_prompt import pieces_of_prompt
from promptlab.task import Example
from promptlab.template import Template


def parsed(folder: Path, template: str, lm: LanguageModel | None = None, **fields: Any) -> dict[str, Any]:
    asked = begun(None, folder)
    asked.held.lm = lm
    return asked(parse, **{"task": REVIEWS, "template": template, "truncate": "tail", **fields})


def places(found: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [(one["line"], one["column"], one["length"]) for one in found["problems"]]


@pytest.mark.parametrize(
    ("template", "what", "place"),
    [
        ("It is\n{mask", "found '{', and no '}' closes it", (2, 1, 1)),
        ("{text} [MASK]", "write {mask} where the model answers", (1, 8, 1)),
        ("{text} {soft:}", "expected a number of vectors", (1, 14, 1)),
    ],
)
def test_what_does_not_parse_has_one_problem_where_it_stands(
    tmp_path: Path, template: str, what: str, place: tuple[int, int, int]
) -> None:
    found = parsed(tmp_path, template)
    assert places(found) == [place] and what in found["problems"][0]["what"]
    assert not found["problems"][0]["what"].startswith("line")


def test_every_field_that_the_data_lack_is_marked_with_the_nearest_name(tmp_path: Path) -> None:
    found = parsed(tmp_path, "{{ {txt|lower} \n  {  texxt } {text} {mask}")
    assert places(found) == [(1, 4, 11), (2, 3, 10)]
    assert all("Did you mean 'text'?" in one["what"] for one in found["problems"])


def test_a_missing_slot_is_a_problem_of_the_whole(tmp_path: Path) -> None:
    found = parsed(tmp_path, "{text} It was good.")
    assert places(found) == [(0, 0, 0)] and "{mask}" in found["problems"][0]["what"]


def test_syntax_needs_no_task_and_a_task_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert parsed(tmp_path, "{anything} {mask}", task=None)["problems"] == []
    with pytest.raises(DataError):
        parsed(tmp_path, "{text} {mask}", task={"reference": str(tmp_path / "none.csv")})
    assert parsed(tmp_path, "{text", task={"reference": str(tmp_path / "none.csv")})["problems"]


def test_it_needs_no_torch() -> None:
    code = "import promptlab.jobs.engine.parse, promptlab.jobs.engine.pages, promptlab.jobs.engine.senses, sys\n"
    code += "print(sorted({'torch', 'transformers', 'nltk'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_pieces_are_those_of_the_prompt_with_their_parts(embedded: LanguageModel, tmp_path: Path) -> None:
    found = parsed(tmp_path, "Review: {text} {soft:2}It was {mask}.", embedded, row=4)
    row = begun(None, tmp_path).reading.rows[4]
    (prompt,) = embedded.encode(Template.parse("Review: {text} {soft:2}It was {mask}."), [row])
    parts = [one["part"] for one in found["pieces"]]
    assert len(parts) == len(prompt.ids) == found["length"] and found["max_length"] == embedded.max_length
    assert parts[0] == parts[-1] == "special" and parts.count("slot") == 1 and parts.count("soft") == 2
    assert found["pieces"][prompt.marks[0]] == {"text": "{mask}", "part": "slot"}
    own = [one["text"] for one in found["pieces"] if one["part"] == "text"]
    assert own == ["review", ":", "it", "was", "."]
    fields = [place for place, one in enumerate(found["pieces"]) if one["part"] == "field"]
    assert {one.get("field") for one in found["pieces"] if one["part"] == "field"} == {"text"}
    assert [prompt.ids[place] for place in fields] == embedded.tokens.ids(row.fields["text"])


@pytest.mark.parametrize(("truncate", "kept"), [("tail", "word1 "), ("head", "word2999 it")])
def test_what_is_cut_is_not_among_the_pieces(embedded: LanguageModel, truncate: Any, kept: str) -> None:
    example = Example({"text": " ".join(f"word{number}" for number in range(3000))})
    template = Template.parse("{text} It was {mask}.", truncate=truncate)
    pieces = pieces_of_prompt(embedded, template, example)
    (prompt,) = embedded.encode(template, [example])
    assert len(pieces) == len(prompt.ids) == embedded.max_length and prompt.cut
    assert kept in embedded.tokens.read(prompt.ids)
    assert [one.part for one in pieces[-5:]] == ["text", "text", "slot", "text", "special"]


@pytest.mark.parametrize("name", ["bert", "roberta", "gpt2", "gemma3", "t5", "bart"])
def test_every_family_shows_as_many_pieces_as_its_prompt_has(name: str) -> None:
    lm = tiny(name)
    example = Example({"text": "a good film, é and [MASK] </s> 中"})
    template = Template.parse("{text} It was {mask}")
    pieces, (prompt,) = pieces_of_prompt(lm, template, example), lm.encode(template, [example])
    beside = [one for one in pieces if one.part != "slot"]
    assert len(beside) == len(prompt.ids) - len(lm.mark(0)) and len(pieces) == len(beside) + 1
    assert all(one.text for one in pieces) and "\ufffd" not in "".join(one.text for one in pieces)
    assert [one.part for one in pieces].count("special") == len(lm.tokens.prefix) + len(lm.around()[1])


def test_what_a_model_cannot_answer_is_a_problem(tmp_path: Path) -> None:
    causal = tiny("gpt2")
    found = parsed(tmp_path, "{text} {mask} and {mask}", causal)
    assert "A causal model answers one slot" in found["problems"][0]["what"] and found["pieces"] == []
    found = parsed(tmp_path, "{text} {mask} is what I say", causal)
    assert found["problems"] == [] and "Text follows the slot" in found["notes"][-1] and found["pieces"]
    found = parsed(tmp_path, "{text}\n{token:Ġnosuchentry} {mask}", causal)
    assert places(found) == [(2, 1, 20)] and "vocabulary has no entry" in found["problems"][0]["what"]
    found = parsed(tmp_path, "word " * 3000 + "{text} {mask}", causal)
    assert "shorten" in found["problems"][0]["what"] and found["max_length"] == causal.max_length
