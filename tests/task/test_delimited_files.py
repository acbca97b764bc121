"""CSV and TSV: each oddity of real files is read as it was meant, or refused with its place."""

import gzip
from pathlib import Path

import pytest
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import Task, load_task


def texts(task: Task) -> list[str]:
    return [row.fields["text"] for row in task.test]


def labels(task: Task) -> list[str | None]:
    return [row.label for row in task.test]


def test_a_cell_keeps_its_text_even_when_it_looks_like_a_number(write: Write) -> None:
    task = load_task(write("a.csv", "text,label,code\nfine,01,007\npoor,1e3,\n"))
    assert labels(task) == ["01", "1e3"]
    assert [row.fields["code"] for row in task.test] == ["007", ""]


@pytest.mark.parametrize(
    ("delimiter", "name"), [("\t", "tab"), (";", "semicolon"), ("|", "pipe")], ids=["tab", "semicolon", "pipe"]
)
def test_a_delimiter_is_found_and_said(write: Write, delimiter: str, name: str) -> None:
    rows = [("text", "label"), ("Good, really good", "yes"), ("Bad, really", "no"), ("No comma", "no")]
    task = load_task(write("a.csv", "".join(delimiter.join(row) + "\n" for row in rows)))
    assert texts(task) == ["Good, really good", "Bad, really", "No comma"]
    assert f"a.csv: columns separated by {name}" in task.notes


def test_a_comma_file_says_nothing_about_its_delimiter(write: Write) -> None:
    task = load_task(write("a.csv", 'text,label\n"a; b; c",x\nd,y\n'))
    assert not any("separated" in note for note in task.notes)


@pytest.mark.parametrize("delimiter", ["tab", "\t", "\\t"])
def test_a_given_delimiter_is_taken(write: Write, delimiter: str) -> None:
    task = load_task(write("a.csv", "text,a\tlabel\nb,c\td\n"), delimiter=delimiter)
    assert task.fields == ("text", "text,a")


def test_a_delimiter_of_two_characters_is_refused(write: Write) -> None:
    with pytest.raises(ConfigError, match="'::' is not one ASCII character"):
        load_task(write("a.csv", "text,label\na,b\n"), delimiter="::")


def test_crlf_ends_a_row_and_stays_inside_quotes(write: Write) -> None:
    task = load_task(write("a.csv", b'text,label\r\n"two\r\nlines",x\r\nplain,y\r\n'))
    assert texts(task) == ["two\r\nlines", "plain"]
    assert labels(task) == ["x", "y"]


def test_old_mac_line_ends_are_read(write: Write) -> None:
    assert texts(load_task(write("a.csv", b"text,label\rone,x\rtwo,y\r"))) == ["one", "two"]


def test_quotes_hold_newlines_delimiters_and_doubled_quotes(write: Write) -> None:
    task = load_task(write("a.csv", 'text,label\n"a, ""b""\nc",x\nd,y\n'))
    assert texts(task) == ['a, "b"\nc', "d"]


def test_a_tab_file_without_quoting_keeps_its_lone_quotes(write: Write) -> None:
    task = load_task(write("a.tsv", 'text\tlabel\n"open quote\tx\nplain\ty\n'))
    assert texts(task) == ['"open quote', "plain"]
    assert "a.tsv: quotation marks read as plain text" in task.notes


def test_a_tab_file_with_quoting_is_unquoted(write: Write) -> None:
    task = load_task(write("a.tsv", 'text\tlabel\n"two\nlines"\tx\n"plain"\ty\n'))
    assert texts(task) == ["two\nlines", "plain"]


def test_quotes_escaped_by_a_backslash_are_read_and_said(write: Write) -> None:
    task = load_task(write("a.csv", 'text,label\n"a \\"b\\", c",x\n"plain",y\n'))
    assert texts(task) == ['a "b", c', "plain"]
    assert any("backslash" in note for note in task.notes)


@pytest.mark.parametrize("cell", ["C:\\", "C:\\new", 'a \\""b""'])
def test_a_backslash_beside_doubled_quotes_is_only_a_backslash(write: Write, cell: str) -> None:
    task = load_task(write("a.csv", f'text,label\n"{cell}",x\n"{cell}",y\n'))
    assert texts(task) == [cell.replace('""', '"')] * 2


def test_a_ragged_row_is_named_with_both_counts(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 2 has 3 cells where the header has 2"):
        load_task(write("a.csv", "text,label\nfine,x\noh, well,y\n"))


def test_a_row_without_its_last_cell_is_ragged(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 1 has 1 cell where the header has 2"):
        load_task(write("a.csv", "text,label\nfine\ngood,y\n"))


def test_a_ragged_row_far_down_is_numbered_from_the_header(write: Write) -> None:
    content = "text,label\n" + "".join(f"sentence number {n},x\n" for n in range(100_000)) + "a,b,c\n"
    with pytest.raises(DataError, match=r"row 100,001 has 3 cells"):
        load_task(write("a.csv", content))


def test_a_quote_that_is_never_closed_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="quotation mark in row 2 is never closed"):
        load_task(write("a.csv", 'label,text\nx,fine\ny,"open\nz,lost\n'))


def test_a_last_cell_that_is_quoted_over_lines_is_fine(write: Write) -> None:
    assert texts(load_task(write("a.csv", 'label,text\nx,fine\ny,"two\nlines"\n')))[-1] == "two\nlines"


def test_blank_lines_are_skipped(write: Write) -> None:
    assert texts(load_task(write("a.csv", "text,label\n\nfine,x\n\n\ngood,y\n\n"))) == ["fine", "good"]


def test_empty_cells_are_empty_texts(write: Write) -> None:
    task = load_task(write("a.csv", "text,label,more\n,x,\nfine,y,z\n"))
    assert texts(task) == ["", "fine"]


def test_a_null_byte_in_a_cell_stays(write: Write) -> None:
    assert texts(load_task(write("a.csv", b"text,label\na long enough line\0 of text,x\nfine,y\n"))) == [
        "a long enough line\0 of text",
        "fine",
    ]


def test_equal_column_names_are_told_apart_and_said(write: Write) -> None:
    task = load_task(write("a.csv", "text,label,text\na,x,b\n"))
    assert task.fields == ("text", "text (2)")
    assert "a.csv: a second column 'text' is called 'text (2)'" in task.notes


def test_five_thousand_columns_are_read(write: Write) -> None:
    names = ["text", "label", *(f"c{number}" for number in range(4998))]
    row = ["hello", "x", *("0" * 4998)]
    task = load_task(write("a.csv", f"{','.join(names)}\n" + f"{','.join(row)}\n" * 3))
    assert len(task.fields) == 4999
    assert task.test[2].fields["c4997"] == "0"


def test_a_cell_of_ten_megabytes_is_read_whole(write: Write) -> None:
    long = "word " * 2_000_000
    task = load_task(write("a.csv", f"text,label\nshort,x\n{long},y\nlast,x\n"))
    assert [len(text) for text in texts(task)] == [5, 10_000_000, 4]


def test_gzip_is_unpacked(write: Write) -> None:
    assert texts(load_task(write("a.csv.gz", gzip.compress(b"text,label\nfine,x\n")))) == ["fine"]


def test_a_name_in_gz_without_gzip_inside_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="not a gzip file"):
        load_task(write("a.csv.gz", "text,label\nfine,x\n"))


def test_a_gzip_file_that_is_cut_off_is_refused(write: Write) -> None:
    packed = gzip.compress("".join(f"row number {n},x\n" for n in range(5000)).encode())
    with pytest.raises(DataError, match=r"cannot be read"):
        load_task(write("a.csv.gz", packed[: len(packed) // 2]))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n"])
def test_an_empty_file_is_refused(write: Write, content: bytes) -> None:
    with pytest.raises(DataError, match="is empty"):
        load_task(write("a.csv", content))


def test_a_file_with_a_header_only_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="has a header but no rows"):
        load_task(write("a.csv", "text,label\n"))


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "Excel"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PAR1", "Parquet"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 20, "binary data"),
    ],
    ids=["zip", "gzip", "parquet", "pdf", "bytes"],
)
def test_a_file_that_is_no_text_is_named_for_what_it_is(write: Write, start: bytes, kind: str) -> None:
    with pytest.raises(DataError, match=kind):
        load_task(write("a.csv", start + b"rest"))


def test_a_missing_file_names_the_nearest_one(write: Write) -> None:
    path = write("reviews_2024.csv", "text,label\na,b\n")
    with pytest.raises(DataError, match=r"Did you mean 'reviews_2024.csv'"):
        load_task(path.with_name("reviews_2025.csv"))


def test_an_unknown_ending_lists_the_known_ones(write: Write) -> None:
    with pytest.raises(DataError, match=r"no known ending. Tables end in \.csv, \.tsv"):
        load_task(write("a.xlsx", "text,label\na,b\n"))


class TestHeaderGuess:
    """Whether the first line names the columns."""

    def test_usual_names_are_a_header(self, write: Write) -> None:
        assert load_task(write("a.csv", "Review Text,Stars\nfine,5\n")).fields == ("text", "Review Text")

    def test_a_label_that_recurs_below_is_data(self, write: Write) -> None:
        task = load_task(write("a.csv", "good,pos\nbad,neg\nfine,pos\nugly,neg\n"))
        assert texts(task) == ["good", "bad", "fine", "ugly"]
        assert labels(task) == ["pos", "neg", "pos", "neg"]
        assert "a.csv: no header line, the first line is a row" in task.notes

    def test_a_name_missing_among_few_values_is_a_header(self, write: Write) -> None:
        task = load_task(write("a.csv", "what they said,verdict\ngood,pos\nbad,neg\nfine,pos\nugly,neg\n"))
        assert texts(task) == ["good", "bad", "fine", "ugly"]

    def test_a_long_sentence_is_data(self, write: Write) -> None:
        task = load_task(write("a.csv", "I enjoyed every minute of it\nA waste of two good hours\n"))
        assert [row.fields["text"] for row in task.unlabelled] == [
            "I enjoyed every minute of it",
            "A waste of two good hours",
        ]

    def test_a_number_over_numbers_is_data(self, write: Write) -> None:
        task = load_task(write("a.csv", "nice one,4\nnot so much,2\nreally bad,1\n"), header=None)
        assert len(task.test) + len(task.unlabelled) == 3

    def test_a_word_over_numbers_is_a_header(self, write: Write) -> None:
        assert load_task(write("a.csv", "said,points\nnice,4\nbad,2\nworse,4\nmeh,2\n")).labels == ("2", "4")

    def test_the_option_goes_first(self, write: Write) -> None:
        path = write("a.csv", "good,pos\nbad,neg\nfine,pos\nugly,neg\n")
        assert len(load_task(path, header=True, label="pos").test) == 3
        path = write("b.csv", "text,label\nbad,neg\nfine,pos\n")
        assert len(load_task(path, header=False, text="column1", label="column2").test) == 3

    def test_columns_of_a_file_without_header_can_be_chosen(self, write: Write) -> None:
        task = load_task(write("a.csv", "good,pos,en\nbad,neg,en\nfine,pos,de\nugly,neg,de\n"), label="column3")
        assert task.labels == ("en", "de")

    def test_a_split_without_header_takes_the_names_of_the_others(self, write: Write, tmp_path: Path) -> None:
        write("train.csv", "review,stars\ngood,1\nbad,0\n")
        write("test.csv", "fine,1\nugly,0\npoor,0\nnice,1\n")
        task = load_task(tmp_path)
        assert [row.fields["review"] for row in task.test] == ["fine", "ugly", "poor", "nice"]


OPEN = "quotation mark in row {} is never closed: it opens in line {}"


@pytest.mark.parametrize(
    ("content", "row", "line"),
    [
        ('text,label\n"great,x\ngood,y\nfine,x\n', 1, 2),
        ('text,label\nfine,x\n"great,y\n', 2, 3),
        ('text,label\n\n"two\nlines",y\n\nfine,x\n"great,y\ngood,x\n', 3, 7),
        ('text,label,more\n"two\nlines","a\nb,c\nfine,x,y\n', 1, 3),
        ('text,label\rfine,x\r"great,y\rgood,x\r', 2, 3),
        ('label,text\nx,fine\ny,"open\nz,lost\n', 2, 3),
        ('"te""xt, all",label\nfine,x\n"a ""b"", c",x\n"great,y\n', 3, 4),
    ],
)
def test_a_quote_that_is_never_closed_is_named_with_its_row_and_line(
    write: Write, content: str, row: int, line: int
) -> None:
    with pytest.raises(DataError, match=OPEN.format(row, line)):
        load_task(write("a.csv", content))


def test_a_quote_that_is_never_closed_is_named_in_a_large_file_and_without_a_header(write: Write) -> None:
    rows = "some words of a text,x\nother words of a text,y\n" * 30_000
    with pytest.raises(DataError, match=OPEN.format("60,001", "60,002")):
        load_task(write("a.csv", f'text,label\n{rows}"great,x\n{rows}'))
    with pytest.raises(DataError, match=OPEN.format("60,001", "60,001")):
        load_task(write("b.csv", f'{rows}"great,x\n{rows}'))


def test_a_quote_that_is_never_closed_is_named_after_escaped_quotes(write: Write) -> None:
    with pytest.raises(DataError, match=OPEN.format(2, 3)):
        load_task(write("a.csv", 'text,label\n"a \\"b\\", c",x\n"great,y\nfine,x\n'))


def test_a_short_row_that_is_closed_lines_below_is_named_with_both_lines(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 2 has 1 cell where the header has 2, .* line 3 is closed only in line 4"):
        load_task(write("a.csv", 'text,label\nfine,x\n"great,y\nthe good"\nbad,y\n'))


def test_a_short_row_with_line_breaks_in_another_cell_is_only_short(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 1 has 2 cells where the header has 3. Put quotes"):
        load_task(write("a.csv", 'text,label,more\n"two\nlines",x\nfine,x,y\n'))
