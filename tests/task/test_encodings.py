"""Encodings: a mark, strict UTF-8, a guess that is said, or a refusal with the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import load_task
from promptlab.task.encoding import examine

FRENCH = "text,label\n" + "Très bon café à la crème,oui\nDéçu par le dîner,non\n" * 3


def first_text(path: object) -> str:
    return load_task(path).test[0].fields["text"]  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(write: Write, encoding: str) -> None:
    assert first_text(write("a.csv", FRENCH.encode(encoding))) == "Très bon café à la crème"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(write: Write, encoding: str) -> None:
    assert first_text(write("a.csv", FRENCH.encode(encoding))) == "Très bon café à la crème"


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("Très bon café à la crème,oui\nDéçu par le dîner,non\n" * 3, "latin-1", "cp1252"),
        ("Här är det ganska bra på svenska,ja\nInte så bra åsikter,nej\n", "cp1252", "cp1252"),
        ("Хороший фильм и отличная игра актёров,да\nПлохо сделано и скучно,нет\n" * 3, "cp1251", "cp1251"),  # noqa: RUF001
        ("Příliš žluťoučký kůň úpěl ďábelské ódy,dobrý\n" * 3, "cp1250", "cp1250"),
        ("日本語の映画はとても良かったです。,良い\n" * 5, "shift_jis", "cp932"),
    ],
    ids=["french", "swedish", "russian", "czech", "japanese"],
)
def test_another_encoding_is_guessed_and_said(write: Write, text: str, encoding: str, named: str) -> None:
    task = load_task(write("a.csv", f"text,label\n{text}".encode(encoding)))
    assert task.test[0].fields["text"] == text.split("\n")[0].rpartition(",")[0]
    assert f"a.csv: not UTF-8 (line 2), read as {named}, a guess" in task.notes


def test_a_stray_byte_far_down_is_seen(write: Write) -> None:
    content = b"text,label\n" + b"a plain line,x\n" * 200_000 + "café,y\n".encode("latin-1")
    assert examine(write("a.csv", content)).notes == ("a.csv: not UTF-8 (line 200,002), read as cp1252, a guess",)


def test_a_given_encoding_goes_first(write: Write) -> None:
    path = write("a.csv", "text,label\nŁódź,x\n".encode("iso8859-2"))
    assert load_task(path, encoding="iso8859-2").test[0].fields["text"] == "Łódź"


def test_bytes_that_do_not_fit_the_given_encoding_are_refused_with_the_line(write: Write) -> None:
    with pytest.raises(DataError, match=r"line 3 is not ascii"):
        load_task(write("a.csv", "text,label\nplain,x\ncafé,y\n"), encoding="ascii")


def test_utf_16_that_ends_in_half_a_character_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match=r"line 3 is not utf-16"):
        load_task(write("a.csv", "text,label\nfine,x\n".encode("utf-16") + b"a"))


@pytest.mark.parametrize("encoding", ["utf9", "hex", "rot13"])
def test_what_is_no_text_encoding_is_refused(write: Write, encoding: str) -> None:
    with pytest.raises(ConfigError, match="Unknown encoding"):
        load_task(write("a.csv", "text,label\na,b\n"), encoding=encoding)


def test_json_is_decoded_like_csv(write: Write) -> None:
    task = load_task(write("a.jsonl", '{"text": "Très bon café à la crème", "label": "oui"}\n'.encode("cp1252")))
    assert task.test[0].fields["text"] == "Très bon café à la crème"


@given(text=st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(str.strip))
def test_every_text_in_utf_8_is_decoded_as_it_is(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(("a letter or two " + text).encode("utf-8-sig"))
    assert examine(path).head == "a letter or two " + text
