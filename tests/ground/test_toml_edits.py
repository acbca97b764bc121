"""Writing into TOML files that people edit: only what differs changes, and what is read back is what was written."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.toml import edit_toml

MINE = """\
# my words
task = "sst2"

[manual]  # from the paper
# tried on Monday
words.negative = [
    "terrible",  # strong
    # the weak ones
    "awful", "bad",  # both weak
    { weight = 2, text = "poor" },  # counts twice
]
combine = "mean"  # as usual
words.positive = ["great", 'good']  # enough

[other]
words.a = [ "x",'y' ]   # odd   blanks

[other.calibration]
kind = "batch"
label_prior = [ 1, 2]
"""


def edited(tmp_path: Path, entry: Mapping[str, Any], *, text: str = MINE, name: str = "manual") -> str:
    """The file's text with one entry written, which reads back as it was given."""
    path = tmp_path / "words.toml"
    path.write_bytes(text.encode())
    edit_toml(path, {name: entry})
    found = path.read_bytes().decode()
    assert tomllib.loads(found)[name] == entry
    return found


def entry(**changes: Any) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(MINE)["manual"]
    return table | changes


def words(negative: list[Any], positive: list[Any]) -> dict[str, Any]:
    return {"negative": negative, "positive": positive}


def test_the_same_entry_changes_no_byte(tmp_path: Path) -> None:
    assert edited(tmp_path, entry()) == MINE
    in_other_order = dict(reversed(entry().items()))
    assert edited(tmp_path, in_other_order) == MINE


def test_numbers_of_another_type_are_the_same_and_truth_values_are_not(tmp_path: Path) -> None:
    text = "[manual]\nweight = 2\n"
    assert edited(tmp_path, {"weight": 2.0}, text=text) == text
    assert edited(tmp_path, {"weight": True}, text="[manual]\nweight = 1\n") == "[manual]\nweight = true\n"


def test_a_new_word_comes_at_its_place_and_the_rest_stays(tmp_path: Path) -> None:
    new = words(
        ["terrible", "dire", "awful", "bad", {"text": "poor", "weight": 2.0}, "last"], ["great", "good", "fine"]
    )
    expected = (
        MINE.replace("    # the weak ones\n", '    "dire",\n    # the weak ones\n')
        .replace("  # counts twice\n", '  # counts twice\n    "last",\n')
        .replace("'good']", "'good', \"fine\"]")
    )
    assert edited(tmp_path, entry(words=new)) == expected


def test_a_word_that_is_gone_takes_its_own_comment_with_it_and_no_other(tmp_path: Path) -> None:
    found = edited(tmp_path, entry(words=words(["awful", "bad"], ["good"])))
    assert "# strong" not in found and "# counts twice" not in found
    assert '[\n    # the weak ones\n    "awful", "bad",  # both weak\n]' in found
    assert "words.positive = ['good']  # enough" in found
    found = edited(tmp_path, entry(words=words(["terrible"], ["good"])))
    assert '    "terrible",  # strong\n    # the weak ones\n]' in found


def test_words_that_change_places_keep_their_comments(tmp_path: Path) -> None:
    new = [{"text": "poor", "weight": 2}, "bad", "terrible", "awful"]
    found = edited(tmp_path, entry(words=words(new, ["good", "great"])))
    assert '    { weight = 2, text = "poor" },  # counts twice\n    "bad",  # both weak\n' in found
    assert '    "terrible",  # strong\n    # the weak ones\n    "awful",\n]' in found
    assert "words.positive = ['good', \"great\"]  # enough" in found


def test_a_word_that_gets_settings_keeps_its_comment(tmp_path: Path) -> None:
    new = [{"text": "terrible", "on": False, "dropped": "rare"}, "awful", "bad", "poor"]
    found = edited(tmp_path, entry(words=words(new, ["great", "good"])))
    assert '    {text = "terrible", on = false, dropped = "rare"},  # strong\n' in found
    assert '    "poor",  # counts twice\n' in found


def test_settings_come_and_go_and_keep_their_comments(tmp_path: Path) -> None:
    found = edited(tmp_path, entry(combine="max", source="me"))
    assert found == MINE.replace('"mean"  # as usual', '"max"  # as usual').replace(
        "  # enough\n", '  # enough\nsource = "me"\n'
    )
    without = entry()
    del without["combine"]
    assert edited(tmp_path, without) == MINE.replace('combine = "mean"  # as usual\n', "")


def test_a_calibration_comes_below_the_words_with_a_blank_line_behind_it(tmp_path: Path) -> None:
    calibration = {"kind": "word", "word_prior": {"great": -1.5}, "support": "9 texts"}
    found = edited(tmp_path, entry(calibration=calibration))
    assert found.startswith(MINE[: MINE.index("\n[other]")])
    assert found.endswith("great = -1.5\n\n" + MINE[MINE.index("[other]") :])
    assert edited(tmp_path, entry(), text=found).startswith(MINE[: MINE.index("\n[other]")])


def test_labels_come_in_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    found = edited(tmp_path, entry(words={"positive": ["great"], "neutral": ["so"], "negative": ["terrible"]}))
    assert list(tomllib.loads(found)["manual"]["words"]) == ["positive", "neutral", "negative"]
    assert '"terrible",  # strong' in found and "# enough" in found and "# tried on Monday" in found


def test_a_list_that_outgrows_its_line_is_wrapped(tmp_path: Path) -> None:
    many = [f"word{number}" for number in range(300)]
    found = edited(tmp_path, entry(words=words(["terrible"], many)))
    lines = found[found.index("words.positive") :].split("\n]")[0].splitlines()
    assert max(map(len, lines)) <= 100 and len(lines) > 20
    assert "]  # enough\n" in found


def test_new_entries_are_readable(tmp_path: Path) -> None:
    path = tmp_path / "new" / "words.toml"
    many = {"a b": [f"word{number}" for number in range(15)], "c": [{"text": "x", "weight": 2.0}, "y"]}
    edit_toml(
        path, {"first": {"words": many, "pieces": "whole", "calibration": {"kind": "batch", "label_prior": [0.5]}}}
    )
    assert path.read_text() == (
        "[first]\n"
        'words."a b" = [\n'
        '    "word0", "word1", "word2", "word3", "word4", "word5", "word6", "word7", "word8", "word9",\n'
        '    "word10", "word11", "word12", "word13", "word14",\n'
        "]\n"
        'words.c = [\n    {text = "x", weight = 2.0},\n    "y",\n]\n'
        'pieces = "whole"\n\n'
        '[first.calibration]\nkind = "batch"\nlabel_prior = [0.5]\n'
    )


ODD = (
    '[mine.words]\na = ["x"]\n\n[other]\nq = 1\n\n[mine.calibration]\nkind = "z"\n',
    'other.q = 1\nmine = { words = { a = ["x"] } }\n',
    'mine.words.a = ["x"]\nother.q = 1\nmine.words.b = ["y"]\n',
    "[other]\nq = 1\n[[mine]]\nq = 1\n",
    "mine = 3\n[other]\nq = 1",
)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("labels", [{"a": ["x", "z"]}, {"b": ["x"], "a": ["x"]}, {"c": []}])
def test_entries_of_any_form_are_written(text: str, labels: dict[str, list[str]], tmp_path: Path) -> None:
    new = {"words": labels, "pieces": "mean", "calibration": {"kind": "word", "word_prior": {"x": -1.0}}}
    found = edited(tmp_path, new, text=text, name="mine")
    assert tomllib.loads(found)["other"] == {"q": 1}


def test_windows_lines_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    text = MINE.replace("\n", "\r\n")
    new = words(["terrible", "dire"], ["great"])
    path = tmp_path / "words.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    edit_toml(path, {"manual": entry(words=new)})
    found = path.read_bytes().decode("utf-8-sig")
    assert tomllib.loads(found)["manual"]["words"] == new
    assert found[found.index("[other]") :] == text[text.index("[other]") :]


def test_a_file_that_does_not_parse_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text("[manual\nwords")
    with pytest.raises(ConfigError, match=r"words\.toml is not valid TOML: .* It was left as it is\."):
        edit_toml(path, {"manual": {}})
    assert path.read_text() == "[manual\nwords"


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[2] / "verbalizers").glob("*.toml")), ids=lambda f: f.stem
)
def test_every_shipped_entry_is_edited_alone(file: Path, tmp_path: Path) -> None:
    text = file.read_text()
    for name, table in tomllib.loads(text).items():
        if not isinstance(table, dict):
            continue
        label = next(iter(table["words"]))
        changed = {**table, "words": {**table["words"], label: [*table["words"][label], "zebra"]}}
        found = edited(tmp_path, changed, text=text, name=name)
        assert edited(tmp_path, table, text=text, name=name) == text
        at = text.index(f"\n[{name}]")
        assert found[:at] == text[:at]
        end = text.find("\n[", at + 1)
        assert end == -1 or found.endswith(text[end:])


TEXTS = st.text(st.sampled_from("ab \"'#[]{},=\\\n\té"), max_size=5)
LABELS = st.text(st.sampled_from("ab .\"'#(é"), min_size=1, max_size=4)
ITEMS = TEXTS | st.lists(TEXTS, max_size=2) | st.fixed_dictionaries({"text": TEXTS, "weight": st.floats(0.5, 2)})
ENTRIES = st.fixed_dictionaries(
    {"words": st.dictionaries(LABELS, st.lists(ITEMS, max_size=6), min_size=1, max_size=3)},
    optional={
        "pieces": TEXTS,
        "calibration": st.fixed_dictionaries(
            {"kind": TEXTS}, optional={"word_prior": st.dictionaries(TEXTS, st.floats(-9, 9), max_size=3)}
        ),
    },
)


def decorated(draw: st.DrawFn, table: Mapping[str, Any]) -> str:
    """An entry as someone may have written it: dotted or with headers, lists in lines with comments anywhere."""

    def text(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {text(part)}" for key, part in value.items()) + " }"
        if isinstance(value, list):
            return "[" + ", ".join(map(text, value)) + "]"
        return tomlkit.item(value).as_string()

    def key(name: str) -> str:
        return tomlkit.key([name]).as_string() if name.isascii() and name.isalnum() else tomlkit.item(name).as_string()

    def listing(values: list[Any]) -> str:
        before = st.sampled_from(["", " ", "\n    ", "\n  # above\n  ", "  # beside\n    "])
        comma = st.sampled_from(["", " ", "  # late\n  "])
        parts = [draw(before) + text(value) + draw(comma) for value in values]
        last = draw(st.sampled_from([""] + [","] * bool(values)))
        return "[" + ",".join(parts) + last + draw(st.sampled_from(["", "\n", " # end\n", "\n# last\n"])) + "]"

    rows = [(name, listing(values)) for name, values in table["words"].items()]
    calibration = dict(table.get("calibration", {}))
    settings = [f"pieces = {text(table['pieces'])}  # how"] if "pieces" in table else []
    if draw(st.booleans()):
        dotted = [f"words.{key(name)} = {values}" for name, values in rows]
        lines = ["[mine] # own", *dotted[:1], *settings, *dotted[1:]]
    else:
        lines = ["[mine]", *settings, "", "[mine.words]", *(f"{key(name)} = {values} # row" for name, values in rows)]
    if calibration:
        lines += ["[mine.calibration]", f"kind = {text(calibration['kind'])}"]
    if "word_prior" in calibration:
        lines += ["[mine.calibration.word_prior]", *(f"{key(w)} = {p}" for w, p in calibration["word_prior"].items())]
    return "\n".join(lines) + "\n"


@given(st.data())
def test_whatever_stands_there_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    old, new = data.draw(ENTRIES), data.draw(ENTRIES)
    for label in set(old["words"]) & set(new["words"]):
        new["words"][label] = data.draw(st.permutations(old["words"][label] + new["words"][label][:2]))
    around = ('# head\ntask = "x"\n[first]\nwords.a = [ "p" ] # p\n\n', '\n[last]\nwords.b = [ "q" ]\n# tail\n')
    text = around[0] + decorated(data.draw, old) + around[1]
    assert tomllib.loads(text)["mine"] == old
    path = tmp_path_factory.getbasetemp() / "decorated.toml"
    path.write_text(text, newline="")
    edit_toml(path, {"mine": new})
    found = path.read_bytes().decode()
    table = tomllib.loads(found)
    assert table["mine"] == new and list(table["mine"]["words"]) == list(new["words"])
    assert found.startswith(around[0]) and found.count(around[1].strip()) == 1
    edit_toml(path, {"mine": new})
    assert path.read_bytes().decode() == found
