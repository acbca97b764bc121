"""Parquet: columns of any type read as the text that a person would have written."""

import datetime
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from written_files import Write

from promptlab.errors import DataError
from promptlab.task import load_task
from promptlab.task.tables import read_table


def stored(folder: Path, **columns: pa.Array) -> Path:
    pyarrow.parquet.write_table(pa.table(columns), folder / "a.parquet")
    return folder / "a.parquet"


def cells(path: Path, column: str) -> list[str]:
    return read_table(path).column(column).to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, 2, None]), ["1", "2", ""]),
        (pa.array([1.0, 2.0]), ["1.0", "2.0"]),
        (pa.array([1.0, None, -3.0]), ["1", "", "-3"]),
        (pa.array([1.0, float("nan")]), ["1", ""]),
        (pa.array([1.5, None, 2.0]), ["1.5", "", "2.0"]),
        (pa.array([True, False, None]), ["true", "false", ""]),
        (pa.array(["a", None]), ["a", ""]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array([["x", "y"], None]), ['["x", "y"]', ""]),
        (pa.array([{"k": 1}]), ['{"k": 1}']),
        (pa.array([datetime.date(2024, 5, 1)]), ["2024-05-01"]),
        (pa.nulls(2), ["", ""]),
    ],
)
def test_a_column_becomes_text(tmp_path: Path, values: pa.Array, expected: list[str]) -> None:
    assert cells(stored(tmp_path, n=values), "n") == expected


def test_bytes_and_vectors_are_left_out_and_said(tmp_path: Path) -> None:
    path = stored(
        tmp_path,
        text=pa.array(["a"]),
        raw=pa.array([b"\xff"]),
        vector=pa.array([[0.5, 1.0]]),
        image=pa.array([{"bytes": b"\xff", "path": "x"}]),
    )
    table = read_table(path)
    assert table.names == ("text",)
    assert table.notes == ("a.parquet: columns that are no text left out: raw, vector, image",)


def test_a_packed_parquet_file_is_read(tmp_path: Path) -> None:
    plain = stored(tmp_path, text=pa.array(["a", "b"]), label=pa.array([1, 0]))
    packed = tmp_path / "b.parquet.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert load_task(packed).labels == ("0", "1")


@pytest.mark.parametrize("cut", [4, 100, -4])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = stored(tmp_path, text=pa.array(["some text"] * 100))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match="not a Parquet file, or it is damaged"):
        load_task(path)


def test_damage_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, text=pa.array([f"some text {n}" for n in range(1000)]))
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged Parquet file"):
        load_task(path)


def test_a_text_file_called_parquet_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="not a Parquet file"):
        load_task(write("a.parquet", "text,label\n"))
