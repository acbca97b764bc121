"""What a document is in files of every kind, what is refused, and the pieces that come of it."""

import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny

from promptlab.errors import ConfigError, DataError
from promptlab.model.training.corpus import check_enough, hold_out, read_corpus
from promptlab.model.training.documents import Texts

TWO = "First line.\nsecond line.\n\n  \nThird, après.\n"


def packed(path: Path, content: bytes) -> Path:
    """The content in a file, packed as its ending says."""
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opened(path, "wb") as file:
        file.write(content)
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.xz", "a.md", "no_ending"])
def test_a_document_is_a_line_that_is_not_blank(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / name, TWO.encode())
    assert list(Texts([path]).open()) == ["First line.", "second line.", "Third, après."]


def test_paragraphs_are_parted_by_blank_lines(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.txt", TWO.replace("\n", "\r\n").encode())
    assert list(Texts([path], unit="paragraphs").open()) == ["First line.\nsecond line.", "Third, après."]


def test_several_files_follow_each_other_and_their_contents_identify_them(tmp_path: Path) -> None:
    paths = [packed(tmp_path / "b.txt", b"b\n"), packed(tmp_path / "a.txt", b"a\n")]
    opened = Texts(paths).open()
    assert list(opened) == ["b", "a"]
    other = [packed(tmp_path / "b.txt", b"b\n"), packed(tmp_path / "a.txt", b"c\n")]
    assert Texts(other).open().identity() != opened.identity()


def test_an_encoding_is_guessed_and_said_or_given(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.txt", ("Le café était fermé à cause de la fête.\n" * 20).encode("cp1252"))
    opened = Texts([path]).open()
    assert "read as cp1252" in opened.notes[0] and next(iter(opened)).startswith("Le café")
    assert next(iter(Texts([path], encoding="latin-1").open())).startswith("Le café")


def test_a_column_of_a_table_gives_a_document_a_row_labelled_or_not(tmp_path: Path) -> None:
    csv = packed(tmp_path / "a.csv", b'text,label\n"one, two",x\nthree,\n,y\n')
    jsonl = packed(tmp_path / "b.jsonl", b'{"text": "four\\nlines"}\n{"text": "five"}\n')
    assert list(Texts([csv, jsonl], column="text").open()) == ["one, two", "three", "four\nlines", "five"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", b"", "is empty. A text is needed."),
        ("a.txt", b"\n \n", "is empty"),
        ("a.txt", bytes(range(256)) * 8, "is not plain text: it holds binary data. Save it as plain text."),
        ("a.txt", b"%PDF-1.7 ...", "is not plain text but a PDF document"),
        ("a.txt", lzma.compress(b"text\n"), "is not plain text but an xz file"),
        ("a.xz", b"text\n", "ends in .xz but is not a whole xz file"),
        ("a.gz", b"text\n", "ends in .gz but is not a gzip file"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=str(tmp_path)) as error:
        Texts([tmp_path / name]).open()
    assert sentence in str(error.value)


def test_a_packed_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    whole = lzma.compress(b"some text that goes on\n" * 1000)
    (tmp_path / "a.xz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cannot be read"):
        Texts([tmp_path / "a.xz"]).open()


def test_what_is_no_text_file_at_all_is_refused(tmp_path: Path) -> None:
    table = packed(tmp_path / "a.csv", b"text,label\na,b\n")
    for texts, kind, sentence in (
        (Texts([]), ConfigError, "--text"),
        (Texts([tmp_path / "none.txt"]), DataError, "There is no file"),
        (Texts([tmp_path]), DataError, "is a folder"),
        (Texts([table]), ConfigError, "--column"),
        (Texts([table, table], column="text"), ConfigError, "twice"),
        (Texts([table], column="texts"), DataError, "Did you mean 'text'?"),
    ):
        with pytest.raises(kind) as error:
            texts.open()
        assert sentence in str(error.value)


def test_pieces_are_kept_document_by_document_with_the_beginnings_of_words() -> None:
    tokens = tiny("bert").tokens
    corpus = read_corpus(["the film xqz.", "", "a b"], tokens)
    first, second = (
        corpus.ids[start:end].tolist() for start, end in zip(corpus.bounds, corpus.bounds[1:], strict=False)
    )
    assert (first, second) == (tokens.ids("the film xqz."), tokens.ids("a b"))
    assert [tokens.entry(piece) for piece in first] == ["the", "film", "x", "##q", "##z", "."]
    assert corpus.begins.tolist() == [True, True, True, False, False, True, True, True]
    assert corpus.ids.dtype == np.uint16


def test_a_tokenizer_that_tells_no_words_apart_begins_them_behind_blanks() -> None:
    corpus = read_corpus(["the wonderful film"], tiny("legacy-llama").tokens)
    entries = [tiny("legacy-llama").tokens.entry(int(piece)) for piece in corpus.ids]
    assert [entry for entry, begins in zip(entries, corpus.begins, strict=True) if begins] == ["▁the", "▁won", "▁film"]


@pytest.mark.parametrize("name", ["bert", "roberta", "deberta-v2", "t5", "gpt2", "gemma3"])
def test_a_special_piece_that_a_text_spells_out_is_not_obeyed(name: str) -> None:
    tokens = tiny(name).tokens
    special = [tokens.entry(piece) for piece in sorted(tokens.special)]
    corpus = read_corpus([f"good {entry} bad" for entry in special], tokens)
    assert len(corpus) == len(special) and not {int(piece) for piece in corpus.ids} & tokens.special


def test_too_little_text_says_how_much_there_is_and_how_much_is_needed() -> None:
    tokens = tiny("bert").tokens
    with pytest.raises(DataError, match=r"3 documents, and at least 10 are needed\. A document is a line"):
        check_enough(read_corpus(["a", "b", "c"], tokens), sequence=32)
    with pytest.raises(DataError, match=r"12 pieces in 12 documents, and at least 256 are needed \(8 rows of 32\)"):
        check_enough(read_corpus(["a"] * 12, tokens), sequence=32)


def test_documents_are_held_out_by_the_seed_and_never_those_that_repeat() -> None:
    texts = [f"{number}" for number in range(100)] + ["again", "Again "] * 25
    corpus = read_corpus(texts, tiny("bert").tokens)
    divided = hold_out(corpus, share=0.1, seed=1)
    held_out = divided.held_out
    assert len(held_out) == 15 and sorted([*divided.training, *held_out]) == list(range(150))
    assert held_out.max() < 100
    assert (held_out == hold_out(corpus, share=0.1, seed=1).held_out).all()
    assert (held_out != hold_out(corpus, share=0.1, seed=2).held_out).any()
    with pytest.raises(DataError, match="occur once"):
        hold_out(read_corpus(["again"] * 20, tiny("bert").tokens), share=0.1, seed=1)


def test_a_large_text_is_read_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tokens = tiny("bert").tokens
    texts = [f"{number} the film was great" for number in range(50)]
    whole = read_corpus(texts, tokens)
    monkeypatch.setattr("promptlab.model.training.corpus._CHUNK", 100)
    in_parts = read_corpus(texts, tokens)
    assert (whole.ids == in_parts.ids).all() and (whole.bounds == in_parts.bounds).all()
