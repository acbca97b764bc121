"""Rows as CSV: what is written is read back, whatever the texts hold, and no two columns have one name."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from promptlab.jobs.csv_rows import columns_of, csv_writer

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\r\n",;'))


@given(st.lists(TEXT, min_size=1))
def test_texts_are_read_back_and_so_are_the_rows(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv_writer(file).writerows([[text, "x"] for text in texts])
    file.seek(0)
    assert list(csv.reader(file)) == [[text, "x"] for text in texts]


def test_texts_are_in_quotes_and_numbers_are_not() -> None:
    file = io.StringIO(newline="")
    csv_writer(file).writerow(["a\rb", 0.25, 'say "no"', ""])
    assert file.getvalue() == '"a\rb",0.25,"say ""no""",""\n'


def test_a_field_that_is_called_like_another_column_is_marked() -> None:
    assert columns_of(["text", "label"], ["id", "label"]) == ["text", "field label"]
    assert columns_of(["label", "field label"], ["label"]) == ["field label", "field field label"]
