"""A copy of a GGUF file without its vocabulary, which transformers' reader takes seconds for at each of its passes."""

import shutil
import struct
from pathlib import Path
from typing import BinaryIO

from promptlab.model.gguf.header import MAGIC, Header

# Lists below this length are read fast enough: 262,144 pieces take transformers 13 s, 10,000 half a second.
_LONG = 10_000


def is_worth_it(header: Header, *, spare: int) -> bool:
    """Whether the copy saves seconds and fits into ``spare`` bytes of disk."""
    return len(header.pieces) > _LONG and header.path.stat().st_size < spare


def write_slim(header: Header, target: Path) -> Path:
    """Write the copy: every key but long lists, the vocabulary's size in their place, and the same tensors."""
    size_key = f"{header.architecture}.vocab_size"
    with header.path.open("rb") as source, target.open("wb") as copy:
        kept = [entry for entry in header.entries if not _is_long(entry.value)]
        added = [] if size_key in header.values else [_number(size_key, len(header.pieces))]
        copy.write(MAGIC + struct.pack("<IQQ", header.version, len(header.tensors), len(kept) + len(added)))
        for entry in kept:
            _copy_part(source, copy, (entry.start, entry.end))
        copy.writelines(added)
        _copy_part(source, copy, header.table)
        copy.write(bytes(-copy.tell() % header.alignment))
        source.seek(header.data_start)
        shutil.copyfileobj(source, copy, 16_000_000)
    return target


def _is_long(value: object) -> bool:
    return value is None or (isinstance(value, tuple) and len(value) > _LONG)


def _number(key: str, value: int) -> bytes:
    """A key with an unsigned 32-bit number."""
    name = key.encode()
    return struct.pack(f"<Q{len(name)}sII", len(name), name, 4, value)


def _copy_part(source: BinaryIO, copy: BinaryIO, part: tuple[int, int]) -> None:
    start, end = part
    source.seek(start)
    copy.write(source.read(end - start))
