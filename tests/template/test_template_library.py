"""References to templates, template files, and what the shipped library holds."""

import re
from pathlib import Path

import pytest

from promptlab.errors import ConfigError, TemplateError
from promptlab.template import (
    Template,
    check_template,
    default_template,
    guess_kind,
    library_file,
    library_tasks,
    read_templates,
    resolve_templates,
    shell_literal,
)

MINE = """
# my wordings
[a]
text = "{text} A {mask}."
truncate = "head"
[b]
text = "{text} B {mask}."
source = "me"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "sst2.toml").write_text('[it-was]\ntext = "{text} My {mask}"\n[new]\ntext = "{mask}"\n')
    return tmp_path


def test_a_reference_with_a_brace_is_the_template_itself() -> None:
    assert resolve_templates(r"Review: {text}\nIt was {mask}") == (Template.parse("Review: {text}\nIt was {mask}"),)


def test_only_newlines_and_tabs_are_special_in_a_shell_literal() -> None:
    assert shell_literal(r"a\nb\tc\d\\n{token:\}}") == "a\nb\tc\\d\\\\n{token:\\}}"


def test_a_file_gives_all_entries_or_one(folder: Path) -> None:
    assert [template.name for template in resolve_templates("mine.toml", folder=folder)] == [
        "mine.toml#a",
        "mine.toml#b",
    ]
    (one,) = resolve_templates("mine.toml#a", folder=folder)
    assert (str(one), one.truncate) == ("{text} A {mask}.", "head")
    (absolute,) = resolve_templates(f"{folder / 'mine.toml'}#b")
    assert absolute.source == "me"


def test_a_bare_name_is_the_library() -> None:
    (template,) = resolve_templates("sst2#it-was", folder=Path("/nowhere"))
    assert (str(template), template.name) == ("{text} It was {mask}.", "sst2#it-was")


def test_the_users_folder_comes_before_the_library(folder: Path) -> None:
    assert str(resolve_templates("sst2#it-was", folder=folder)[0]) == "{text} My {mask}"
    names = [template.name for template in resolve_templates("sst2", folder=folder)]
    assert names[:2] == ["sst2#it-was", "sst2#new"]
    assert "sst2#review" in names and len(names) == len(set(names))


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ag_new", "Did you mean 'ag_news'"),
        ("sst2#itwas", "Did you mean 'it-was'"),
        ("mine.toml#c", "It has a, b"),
        ("gone.toml", "no file"),
        ("It was great", "has {mask} in it"),
        ("../sst2", "There are no templates"),
    ],
)
def test_unknown_references_are_said_with_the_nearest(folder: Path, reference: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_templates(reference, folder=folder)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[a]\ntxt = 'x'", "unknown key 'txt'"),
        ("labls = []\n[a]\ntext = '{mask}'", "unknown key 'labls'"),
        ("[a]\nsource = 'x'", "needs text"),
        ("[a]\ntext = 3", "text in quotes"),
        ("[a]\ntext = '{mask}'\ntruncate = 'middle'", "tail, head, balanced"),
        ("labels = ['a', 'b']\n[a]\ntext = '{mask}'", "lists of label names"),
        ("labels = [['a', 'b'], ['c']]\n[a]\ntext = '{mask}'", "give each as many"),
        ("guess = 'no'\n[a]\ntext = '{mask}'", "true or false"),
        ("task = 'x'", "has no template"),
    ],
)
def test_wrong_files_are_said_with_file_and_key(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_templates(path)
    assert said in str(caught.value) and str(path) in str(caught.value)


def test_a_broken_template_names_its_file_and_spares_the_others(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[good]\ntext = '{mask}'\n[bad]\ntext = 'It was {mask'\n")
    assert len(resolve_templates("x.toml#good", folder=tmp_path)) == 1
    with pytest.raises(TemplateError, match=r"x\.toml, template 'bad': line 1, column 8") as caught:
        resolve_templates("x.toml", folder=tmp_path)
    assert caught.value.column == 8


@pytest.mark.parametrize(
    ("labels", "fields", "kind"),
    [
        (["positive", "negative"], ["text"], "sst2"),
        (["Neg", "Pos"], ["text", "id"], "sst2"),
        (["business", "sci_tech", "sports", "world"], ["text"], "ag_news"),
        (["World", "Sports", "Business", "Sci/Tech"], ["text"], "ag_news"),
        (["abbreviation", "description", "entity", "human", "location", "number"], ["text"], "trec"),
        (["entailment", "not_entailment"], ["premise", "hypothesis"], "rte"),
        (["entailment", "not_entailment"], ["question", "sentence"], "qnli"),
        (["entailment", "neutral", "contradiction"], ["premise", "hypothesis"], "mnli"),
        (["true", "false"], ["question", "passage"], "boolq"),
        (["account", "billing", "feedback", "shipping", "technical"], ["subject", "body", "text"], "tickets"),
        (["positive", "negative"], ["review"], None),
        (["positive", "negative", "unsure"], ["text"], None),
        (["1", "-1"], ["text"], None),
    ],
)
def test_the_kind_of_a_task_is_guessed_from_labels_and_fields(
    labels: list[str], fields: list[str], kind: str | None
) -> None:
    assert guess_kind(labels, fields) == kind


def test_the_default_is_the_librarys_first_and_the_sentence_says_why() -> None:
    template, sentence = default_template(["negative", "positive"], ["text"])
    assert template.name == "sst2#it-was"
    assert "sst2#it-was" in sentence and "negative, positive" in sentence


def test_a_first_template_whose_fields_are_missing_is_passed_over() -> None:
    labels = library_file("dbpedia").labels[0]
    assert default_template(labels, ["text"])[0].name == "dbpedia#this-is-a"
    assert default_template(labels, ["title", "text"])[0].name == "dbpedia#is-a"


def test_unknown_labels_get_the_general_wording() -> None:
    template, sentence = default_template(["spam", "ham"], ["text"])
    assert template == Template.parse("{text} This is about {mask}.")
    assert "{text} This is about {mask}." in sentence
    assert str(default_template(["spam", "ham"], ["body", "sender"])[0]) == "{body} This is about {mask}."


@pytest.mark.parametrize("task", library_tasks())
def test_every_shipped_template_parses_has_a_slot_and_a_source(task: str) -> None:
    file = library_file(task)
    assert file.task == task and file.kind and file.labels
    texts = [str(template) for template in resolve_templates(task, folder=Path("/nowhere"))]
    assert len(texts) == len(set(texts)) == len(file.entries)
    for template in resolve_templates(task, folder=Path("/nowhere")):
        check_template(template, template.fields())
        assert template.source
        assert template.slots() == 1
        assert Template.parse(str(template)) == template
        assert not re.search(r" [.,?!]|  ", re.sub(r"\{[^}]*\}", "x", str(template)))


def test_every_task_has_a_wording_whose_slot_is_last() -> None:
    for task in library_tasks():
        assert any(entry.text.endswith("{mask}") for entry in library_file(task).entries.values()), task


def test_only_one_guessed_file_has_the_same_labels_and_fields() -> None:
    seen: dict[tuple[frozenset[str], frozenset[str]], str] = {}
    for task in filter(lambda task: library_file(task).guess, library_tasks()):
        first = resolve_templates(task, folder=Path("/nowhere"))[0]
        for labels in library_file(task).labels:
            key = (frozenset(labels), frozenset(first.fields()))
            assert seen.setdefault(key, task) == task
