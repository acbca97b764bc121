"""Word lists in the shapes that knowledge bases come in, and which of their labels is which."""

import json
from pathlib import Path

import pytest

from promptlab.errors import ConfigError, DataError
from promptlab.verbalizer.word_lists import WordList, check_map, parse_map, plain_words, read_word_list

LABELS = ("negative", "positive")


def texts(found: WordList) -> dict[str, list[str]]:
    return {label: [entry.text for entry in entries] for label, entries in found.words.items()}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"Positive": ["superb", "fine"], "NEGATIVE": ["poor"]}'),
        ("a.csv", "label,word\npositive,superb\nnegative,poor\npositive,fine\n"),
        ("b.csv", "word,label,score\nfine,positive,1\nsuperb,positive,2\npoor,negative,\n"),
        ("c.csv", "positive,negative\nsuperb,poor\nfine,\n"),
        ("d.csv", "label;word;score\npositive;superb;2\nnegative;poor;\npositive;fine;1\n"),
        ("a.tsv", "label\tword\npositive\tsuperb\nnegative\tpoor\npositive\tfine\n"),
        ("a.toml", '[one]\nwords.positive = ["superb", "fine"]\nwords.negative = ["poor"]\n'),
    ],
)
def test_every_shape_gives_the_same_words(write: Path, name: str, content: str) -> None:
    (write / name).write_text(content)
    assert texts(read_word_list(name, LABELS)) == {"negative": ["poor"], "positive": ["superb", "fine"]}


def test_a_text_file_belongs_to_the_label_that_is_named(write: Path) -> None:
    (write / "w.txt").write_text("# praise\nsuperb\nfirst rate  # two words\n\nC#\nSuperb\n", encoding="utf-8-sig")
    assert texts(read_word_list("Positive=w.txt", LABELS)) == {"positive": ["superb", "first rate", "C#"]}
    (write / "w.json").write_text('["superb"]')
    assert texts(read_word_list("positive=w.json", LABELS)) == {"positive": ["superb"]}
    assert plain_words("w.txt") == ["superb", "first rate", "C#", "Superb"]
    with pytest.raises(ConfigError, match=r"without labels.*--list negative=w.txt.*--candidates w.txt"):
        read_word_list("w.txt", LABELS)


def test_words_of_a_text_file_stand_at_commas_too(write: Path) -> None:
    (write / "w.txt").write_text("superb, first rate,\nfine # good, but not very\n")
    assert texts(read_word_list("positive=w.txt", LABELS)) == {"positive": ["superb", "first rate", "fine"]}


def test_what_goes_under_a_named_label_is_said(write: Path) -> None:
    (write / "w.csv").write_text("superb\nfine\n")  # a first row that is no header shows as one
    assert read_word_list("positive=w.csv", LABELS).sentence == "w.csv: superb -> positive."
    (write / "w.txt").write_text("superb\n")
    assert read_word_list("positive=w.txt", LABELS).sentence == "w.txt: its words -> positive."
    with pytest.raises(ConfigError, match=r"no label 'positiv'. Did you mean 'positive'\?"):
        read_word_list("positiv=w.txt", LABELS)


def test_a_mapped_name_that_no_list_has_is_refused(write: Path) -> None:
    (write / "kb.json").write_text('{"Good": ["superb"]}')
    names = parse_map("good=positive", LABELS)
    found = read_word_list("kb.json", LABELS, names=names)
    check_map(names, [found])
    with pytest.raises(ConfigError, match=r"no list has words for 'goood'. Did you mean 'Good'\? They have Good\."):
        check_map(parse_map("goood=positive", LABELS), [found])
    with pytest.raises(ConfigError, match="Name a list with --list FILE"):
        check_map(names, [])


def test_an_entry_of_a_verbalizer_file_is_named_or_the_only_one(write: Path) -> None:
    (write / "v.toml").write_text('[a]\nwords.positive = ["fine"]\n[b]\nwords.positive = ["good"]\n')
    assert texts(read_word_list("v.toml#b", LABELS)) == {"positive": ["good"]}
    with pytest.raises(ConfigError, match="2 entries: name one"):
        read_word_list("v.toml", LABELS)
    with pytest.raises(ConfigError, match="no label words 'c'"):
        read_word_list("v.toml#c", LABELS)


def test_other_names_are_mapped_and_what_has_no_label_is_said(write: Path) -> None:
    (write / "kb.json").write_text('{"World": ["war"], "Tech": ["robot"], "Arts": ["opera"]}')
    names = parse_map("Tech=sci,world=World", ("World", "sci"))
    found = read_word_list("kb.json", ("World", "sci"), names=names)
    assert texts(found) == {"World": ["war"], "sci": ["robot"]}
    assert found.sentence == "kb.json: World -> World, Tech -> sci, Arts -> left out."
    with pytest.raises(ConfigError, match=r"words for World, Tech, Arts.*labels are a, b.*--map 'World=a'"):
        read_word_list("kb.json", ("a", "b"))


@pytest.mark.parametrize(("text", "said"), [("World", "not 'name in the file=label'"), ("World=wrld", "'world'")])
def test_a_map_in_another_form_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_map(text, ("world", "sci"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", "[1, 2]"),
        ("b.json", '{"positive": "good"}'),
        ("c.json", "{"),
        ("d.csv", "a;b\n1;2\n"),
        ("e.csv", "label,word\n,good\n"),
        ("f.csv", "positive,\ngood,bad\n"),
        ("g.txt", "# nothing but a comment\n"),
        ("h.xyz", "good\n"),
        ("i.json", "3"),
        ("j.csv", 'label,word\npositive,"good\nnegative,bad\n'),
        ("k.csv", "label,word\npositive," + "x" * 200_000 + "\n"),
    ],
)
def test_an_unknown_shape_is_refused_with_the_known_ones(write: Path, name: str, content: str) -> None:
    (write / name).write_text(content)
    with pytest.raises(ConfigError, match=r"one word a line or words at commas, a CSV file with"):
        read_word_list(name, LABELS)


def test_a_score_that_is_no_number_and_a_missing_file_are_refused(write: Path) -> None:
    (write / "s.csv").write_text("label,word,score\npositive,good,high\n")
    with pytest.raises(ConfigError, match="score 'high' in row 2"):
        read_word_list("s.csv", LABELS)
    with pytest.raises(DataError, match=r"none\.txt"):
        read_word_list("positive=none.txt", LABELS)


def test_knowledge_base_lists_are_read_whole() -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "kpt_words"
    if not folder.is_dir():
        pytest.skip(f"no word lists in {folder}")
    table = json.loads((folder / "sentiment.json").read_text(encoding="utf-8"))
    found = texts(read_word_list("sentiment.json", LABELS, folder=folder))
    assert found.keys() == set(LABELS)
    for label, words in found.items():
        assert len(words) == len({word.casefold() for word in table[label]}) > 200
