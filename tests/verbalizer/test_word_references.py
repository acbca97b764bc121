"""Label words from one line, from label names, from files and the library."""

from pathlib import Path

import pytest

from promptlab.errors import ConfigError
from promptlab.template import library_file, library_tasks, resolve_templates
from promptlab.verbalizer import (
    Calibration,
    LabelWords,
    Word,
    check_words,
    default_words,
    fit_labels,
    label_names_as_words,
    library_verbalizers,
    parse_words,
    resolve_words,
)


def texts(words: LabelWords) -> dict[str, list[str]]:
    return {label: [str(word) for word in words.words[label]] for label in words.labels}


def test_one_line_is_split_at_known_labels_in_the_tasks_order() -> None:
    words = parse_words("positive=great,good negative=bad", ["negative", "positive"])
    assert list(texts(words).items()) == [("negative", ["bad"]), ("positive", ["great", "good"])]
    assert words.pieces == "first"
    assert parse_words("positive=great,good,negative=bad,", ["negative", "positive"]) == words


def test_labels_and_words_may_hold_spaces() -> None:
    words = parse_words("not relevant=beside the point, off relevant = on topic", ["relevant", "not relevant"])
    assert texts(words) == {"relevant": ["on topic"], "not relevant": ["beside the point", "off"]}
    assert words.pieces == "whole"


def test_labels_are_matched_whatever_their_case() -> None:
    assert texts(parse_words("POSITIVE=Great negative=bad", ["Positive", "Negative"])) == {
        "Positive": ["Great"],
        "Negative": ["bad"],
    }
    assert texts(parse_words("Yes=a yes=b", ["yes", "Yes"])) == {"yes": ["b"], "Yes": ["a"]}


def test_labels_that_look_like_patterns_are_plain_text() -> None:
    assert texts(parse_words("C++=pointer a.b=dot", ["C++", "a.b"])) == {"C++": ["pointer"], "a.b": ["dot"]}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("positive=great negtive=bad", "unknown label 'negtive'.*'negative'"),
        ("negtive=bad positive=great", "unknown label 'negtive'.*'negative'"),
        ("great", "expected label=word"),
        ("", "no label in the words; expected label=word,word with one of negative, positive"),
        ("positive=great", "The label 'negative' has no words. Add 'negative=word' to --words, or a list"),
        ("positive= negative=bad", "'positive' has no words"),
        ("positive=good positive=great negative=bad", "given twice"),
        ("positive=Good negative=bad,good", "'Good' stands under two labels"),
    ],
)
def test_mistakes_in_one_line_are_said(argument: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_words(argument, ["negative", "positive"])


def test_label_names_become_words() -> None:
    assert texts(label_names_as_words(["not_relevant", "HUMAN", "Sci/Tech", "world"])) == {
        "not_relevant": ["not relevant"],
        "HUMAN": ["human"],
        "Sci/Tech": ["Sci Tech"],
        "world": ["world"],
    }
    assert label_names_as_words(["not_relevant", "relevant"]).pieces == "whole"
    assert label_names_as_words(["good", "bad"]).pieces == "first"


def test_bare_numbers_are_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"--labels '0=name,1=name'.*--words '0=word 1=word'"):
        label_names_as_words(["0", "1"])
    with pytest.raises(ConfigError, match="no letters"):
        label_names_as_words(["+", "-"])


def test_names_that_read_the_same_are_refused() -> None:
    with pytest.raises(ConfigError, match="two labels"):
        label_names_as_words(["a_b", "a-b"])


def test_default_words_are_the_names_and_point_to_the_library() -> None:
    words, sentence = default_words(["negative", "positive"], "sst2")
    assert texts(words) == {"negative": ["negative"], "positive": ["positive"]}
    assert "sst2#manual" in sentence
    assert "library has" not in default_words(["spam", "ham"], None)[1]


def test_library_words_come_under_the_datas_own_names_and_order() -> None:
    (words,) = resolve_words("sst2#manual", ["Positive", "Negative"])
    assert texts(words) == {"Positive": ["great"], "Negative": ["terrible"]}
    assert words.labels == ("Positive", "Negative") and words.name == "sst2#manual"
    (words,) = resolve_words("sst2#manual", ["pos", "neg"])
    assert texts(words) == {"pos": ["great"], "neg": ["terrible"]}
    (words,) = resolve_words("ag_news#manual", ["World", "Sports", "Business", "Sci/Tech"])
    assert texts(words)["Sci/Tech"] == ["technology"]


def test_a_literal_a_file_and_the_users_folder(tmp_path: Path) -> None:
    labels = ["no", "yes"]
    content = '[a]\nwords.Yes = ["yep"]\nwords.No = ["nope"]\n[b]\nwords.yes = ["y"]\nwords.no = ["n"]\n'
    (tmp_path / "mine.toml").write_text(content)
    (tmp_path / "verbalizers").mkdir()
    (tmp_path / "verbalizers" / "boolq.toml").write_text(content)
    assert texts(resolve_words("no=never yes=always", labels)[0]) == {"no": ["never"], "yes": ["always"]}
    assert [words.name for words in resolve_words("mine.toml", labels, folder=tmp_path)] == [
        "mine.toml#a",
        "mine.toml#b",
    ]
    (one,) = resolve_words("mine.toml#a", labels, folder=tmp_path)
    assert list(texts(one).items()) == [("no", ["nope"]), ("yes", ["yep"])]
    names = [words.name for words in resolve_words("boolq", labels, folder=tmp_path)]
    assert names == ["boolq#a", "boolq#b", "boolq#manual", "boolq#true-false"]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ag_new", "Did you mean 'ag_news'"),
        ("sst2#manul", "Did you mean 'manual'"),
        ("gone.toml", "no file"),
        ("trec#manual", "unknown label 'abbreviation'.*negative, positive"),
        ("great", "'positive=great negative=bad'"),
    ],
)
def test_unknown_references_are_said(tmp_path: Path, reference: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve_words(reference, ["negative", "positive"], folder=tmp_path)


def test_a_label_prior_follows_its_labels_into_another_order() -> None:
    words = LabelWords(
        {"a": (Word("x"),), "b": (Word("y"),)}, calibration=Calibration("batch", label_prior=(-1.0, -2.0))
    )
    fitted = fit_labels(words, ["B", "A"])
    assert fitted.labels == ("B", "A")
    assert fitted.calibration == Calibration("batch", label_prior=(-2.0, -1.0))


def test_two_entries_for_one_label_are_refused() -> None:
    words = LabelWords({"pos": (Word("x"),), "POS": (Word("z"),), "neg": (Word("y"),)})
    with pytest.raises(ConfigError, match="for one label"):
        fit_labels(words, ["Pos", "Neg"])


@pytest.mark.parametrize("task", library_verbalizers())
def test_every_shipped_verbalizer_covers_the_labels_of_its_templates(task: str) -> None:
    for labels in library_file(task).labels:
        for words in resolve_words(task, labels, folder=Path("/nowhere")):
            assert words.source
            for template in resolve_templates(task, folder=Path("/nowhere")):
                check_words(words, labels, slots=template.slots())


def test_every_task_of_the_library_has_templates_and_words() -> None:
    assert library_tasks() == library_verbalizers()
    assert {"sst2", "subj", "trec", "cola", "mnli", "rte", "mrpc", "ag_news", "dbpedia", "boolq"} <= {*library_tasks()}
    assert all(
        resolve_words(task, library_file(task).labels[0])[0].name == f"{task}#manual" for task in library_tasks()
    )
