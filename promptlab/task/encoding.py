"""The character encoding of a text file: a mark, strict UTF-8, or a guess that is said; and the file's digest."""

import codecs
import hashlib
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import ConfigError, DataError
from promptlab.task.formats import open_bytes, unreadable
from promptlab.text import nearest

HEAD = 1 << 20  # characters of a file that guesses look at
_CHUNK = 1 << 20
_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive, such as an Excel workbook. Save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Office document. Save it as CSV"),
    (b"\x1f\x8b", "a gzip file. Let its name end in .gz"),
    (b"\xfd7zXZ\x00", "an xz file. Unpack it; plain text may stay packed when its name ends in .xz"),
    (b"PAR1", "a Parquet file. Let its name end in .parquet"),
    (b"%PDF", "a PDF document. Copy its table into a CSV file"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file should be, in the words of a refusal: its name, and what an empty or a binary file calls for."""

    name: str
    when_empty: str
    when_binary: str


TABLE = Wanted("a text table", "A table with a header and rows is needed.", "Save it as CSV, JSON or Parquet.")
PLAIN = Wanted("plain text", "A text is needed.", "Save it as plain text.")


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one pass over a text file found; ``head`` is its first characters, all of them when ``is_whole``."""

    encoding: str
    digest: str
    head: str
    is_whole: bool
    notes: tuple[str, ...] = ()


class _Undecodable(Exception):
    """The first bytes that do not fit: their line, counted from 1, and the bytes around them."""

    def __init__(self, line: int, around: bytes) -> None:
        super().__init__(line)
        self.line, self.around = line, around


def examine(path: Path, encoding: str | None = None, *, wanted: Wanted = TABLE) -> Encoded:
    """Read the whole file once and say how its text is encoded.

    Order: ``encoding`` when given, a byte order mark, strict UTF-8, the best guess of charset-normalizer. Raises
    DataError for a file that is missing, empty, not text, or undecodable (with the line), ConfigError for an encoding
    that Python does not know.
    """
    try:
        return _examine(path, encoding, wanted)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise unreadable(path, error) from error


def _examine(path: Path, encoding: str | None, wanted: Wanted) -> Encoded:
    with open_bytes(path) as file:
        start = file.read(1 << 16)
    _refuse_other_kinds(path, start, wanted)
    known = _checked(encoding) if encoding else _marked(start)
    try:
        return _decoded(path, known or "utf-8-sig")
    except _Undecodable as misfit:
        if known:
            raise DataError(
                f"{str(path)!r}: line {misfit.line:,} is not {encoding or known}. Name the encoding with --encoding."
            ) from None
        return _guessed(path, misfit, start)


def _refuse_other_kinds(path: Path, start: bytes, wanted: Wanted) -> None:
    if not start.strip():
        raise DataError(f"{str(path)!r} is empty. {wanted.when_empty}")
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            raise DataError(f"{str(path)!r} is not {wanted.name} but {kind}.")
    if _marked(start):
        return
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in start)
    if controls > max(len(start) / 50, 8):
        raise DataError(f"{str(path)!r} is not {wanted.name}: it holds binary data. {wanted.when_binary}")


def _checked(encoding: str) -> str:
    try:
        "".encode(encoding)  # refuses codecs that are not text encodings, such as "hex"
        name = codecs.lookup(encoding).name
    except LookupError:
        choices = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1251", "gb18030", "shift_jis", "euc-kr", "big5")
        raise ConfigError(f"Unknown encoding {encoding!r}.{nearest(encoding, choices)}") from None
    return "utf-8-sig" if name == "utf-8" else name


def _marked(start: bytes) -> str:
    """The encoding that a byte order mark, or the zero bytes of unmarked UTF-16, show; empty when neither does."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    half = max(len(start) // 2, 1)
    if start[1::2].count(0) > half * 0.7 and start[0::2].count(0) < half * 0.1:
        return "utf-16-le"
    if start[0::2].count(0) > half * 0.7 and start[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return ""


def _decoded(path: Path, encoding: str, notes: tuple[str, ...] = ()) -> Encoded:
    digest = hashlib.sha256()
    pieces: list[str] = []
    held, lines = 0, 1
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for chunk, is_last in _chunks(path):
        digest.update(chunk)
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "ignore").count("\n")
            raise _Undecodable(lines + before, error.object[max(error.start - 4096, 0) : error.start + 65536]) from None
        lines += text.count("\n")
        if held <= HEAD:
            pieces.append(text)
        held += len(text)
    head = "".join(pieces).removeprefix("\ufeff")
    return Encoded(encoding, digest.hexdigest(), head[:HEAD], held <= HEAD, notes)


def _chunks(path: Path) -> Iterator[tuple[bytes, bool]]:
    with open_bytes(path) as file:
        chunk = file.read(_CHUNK)
        while chunk:
            following = file.read(_CHUNK)
            yield chunk, not following
            chunk = following


def _guessed(path: Path, misfit: _Undecodable, start: bytes) -> Encoded:
    from charset_normalizer import from_bytes

    # Code pages of one alphabet differ in a few letters, and a rare one may come out cleanest on a short sample: what
    # reads nearly as clean, and fits a language no worse, in the page of western Windows is read in that one.
    matches = list(from_bytes(start + b"\n" + misfit.around))
    names = [match.encoding for match in matches[:1]]
    for match in matches:
        is_as_good = match.chaos <= matches[0].chaos + 0.1 and match.coherence >= matches[0].coherence
        if is_as_good and "cp1252" in match.could_be_from_charset:
            names.insert(0, "cp1252")
            break
    for name in names:
        note = f"{path.name}: not UTF-8 (line {misfit.line:,}), read as {name}, a guess"
        try:
            return _decoded(path, name, (note,))
        except _Undecodable as other:
            misfit = other
    raise DataError(
        f"{str(path)!r}: line {misfit.line:,} is not UTF-8, and no other encoding fits. Name it with --encoding."
    )
