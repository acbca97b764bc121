"""What a GGUF file says about itself, read from its first bytes; needs no extra package and no model."""

import math
import mmap
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from promptlab.errors import ModelError
from promptlab.model.gguf.kinds import FILE_KINDS, PLAIN, TENSOR_KINDS
from promptlab.model.gguf.reader import Cut, Entry, Reader, Value
from promptlab.text import counted, shorten

MAGIC = b"GGUF"
PIECES, PIECE_KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_VERSIONS = (2, 3)
_ALIGNMENT = 32
_CONTROL = 3
_LAYERS = ("block_count", "decoder_block_count")
_MOST_KEYS, _MOST_TENSORS = 100_000, 1_000_000  # many times what the largest models have
# Tokenizers that llama.cpp begins with a start piece when the file says nothing: SentencePiece, and Llama 3's.
_STARTING_MODELS, _STARTING_SPLITS = ("llama",), ("llama3", "llama-v3", "llama-bpe")


class TensorInfo(NamedTuple):
    """A tensor of the file: ``offset`` counts bytes from where the tensors' data begin."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """How many bytes it takes in the file."""
        kind = TENSOR_KINDS[self.kind]
        return self.numbers // kind.numbers * kind.bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A GGUF file's header. ``entries`` are its keys in their order, ``table`` the bytes that describe the tensors."""

    path: Path
    version: int
    entries: tuple[Entry, ...]
    tensors: tuple[TensorInfo, ...]
    table: tuple[int, int]
    values: Mapping[str, Value]

    def text(self, key: str) -> str:
        """The text under a key, empty when there is none."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int | None:
        """The whole number under a key, None when there is none."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def architecture(self) -> str:
        """llama.cpp's name for the kind of model, such as ``gemma3``."""
        return self.text("general.architecture")

    @property
    def licence(self) -> str:
        """The licence as the file names it, often empty."""
        return shorten(self.text("general.license.name") or self.text("general.license"), 80)

    @property
    def parameters(self) -> int:
        """How many numbers the tensors hold."""
        return sum(tensor.numbers for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """How the weights were packed, such as ``Q4_K_M``; empty when they were not."""
        held: Counter[str] = Counter()
        for tensor in self.tensors:
            held[TENSOR_KINDS[tensor.kind].name] += tensor.numbers
        packed = {name: count for name, count in held.items() if name not in PLAIN}
        if not packed:
            return ""
        named = FILE_KINDS.get(self.number("general.file_type") or 0, "")
        return named if named and named not in PLAIN else max(packed, key=lambda name: packed[name])

    @property
    def precision(self) -> str:
        """The dtype that holds the weights best: their own when they were not packed, else bfloat16."""
        kinds = {TENSOR_KINDS[tensor.kind].name for tensor in self.tensors}
        if kinds == {"F32"}:
            return "float32"
        return "float16" if kinds <= {"F32", "F16"} else "bfloat16"

    @property
    def pieces(self) -> tuple[str, ...]:
        """The vocabulary, in the order of the pieces' numbers."""
        found = self.values.get(PIECES, ())
        return tuple(map(str, found)) if isinstance(found, tuple) else ()

    @property
    def control_pieces(self) -> dict[int, str]:
        """The pieces that no text may bring about, by number."""
        kinds = self.values.get(PIECE_KINDS, ())
        pairs = zip(self.pieces, kinds if isinstance(kinds, tuple) else (), strict=False)
        return {number: piece for number, (piece, kind) in enumerate(pairs) if kind == _CONTROL}

    @property
    def begins(self) -> bool:
        """Whether every prompt begins with the start piece: as the file says, and always for Gemma."""
        said = self.values.get("tokenizer.ggml.add_bos_token")
        if self.architecture.startswith("gemma"):
            return True
        if isinstance(said, bool):
            return said
        model, split = self.text("tokenizer.ggml.model"), self.text("tokenizer.ggml.pre")
        return model in _STARTING_MODELS or split in _STARTING_SPLITS

    @property
    def alignment(self) -> int:
        """The tensors' data begin at a multiple of this many bytes."""
        return max(self.number("general.alignment") or _ALIGNMENT, 1)

    @property
    def data_start(self) -> int:
        """The byte at which the tensors' data begin."""
        return -(-self.table[1] // self.alignment) * self.alignment

    @property
    def bytes(self) -> int:
        """How long the file must be to hold all that its header names."""
        if not self.tensors:
            return self.table[1]
        return self.data_start + max(tensor.offset + tensor.bytes for tensor in self.tensors)


def is_gguf(path: Path) -> bool:
    """Whether a file's name or its first bytes say that it is a GGUF file."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".gguf":
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_header(path: Path) -> Header:
    """A GGUF file's header, held against the file's length; ModelError for a file that is cut, damaged or no model."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
            with memoryview(held) as content:
                header = _parsed(path, content)
            size = len(held)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    except Cut:
        raise _cut(path) from None
    except ValueError as error:  # an empty file cannot be mapped
        if path.stat().st_size == 0:
            raise _cut(path) from None
        raise ModelError(f"{path} is damaged: its header holds {error}. Copy or download it again.") from None
    if header.bytes > size:
        raise _cut(path)
    _refuse_other_things(header)
    return header


def _cut(path: Path) -> ModelError:
    return ModelError(f"{path} is cut short: it was not copied or downloaded to the end. Copy or download it again.")


def _parsed(path: Path, content: memoryview) -> Header:
    if bytes(content[: len(MAGIC)]) != MAGIC:
        raise ModelError(
            f"{path} is no GGUF file: it does not begin with the letters GGUF. Copy or download it again, or name a "
            "model folder."
        )
    reader = Reader(content, len(MAGIC))
    version = reader.whole("I")
    if version not in _VERSIONS:
        raise ModelError(_other_version(path, version))
    tensor_count, entry_count = reader.whole("Q"), reader.whole("Q")
    if entry_count > _MOST_KEYS or tensor_count > _MOST_TENSORS:
        raise ValueError(f"{counted(entry_count, 'key')} and {counted(tensor_count, 'tensor')}")
    entries = tuple(reader.entry((PIECES, PIECE_KINDS)) for _ in range(entry_count))
    start = reader.at
    tensors = tuple(_tensor(reader) for _ in range(tensor_count))
    values = {entry.key: entry.value for entry in entries if entry.value is not None}
    return Header(path, version, entries, tensors, (start, reader.at), values)


def _other_version(path: Path, version: int) -> str:
    if int.from_bytes(version.to_bytes(4, "little"), "big") in _VERSIONS:
        return f"{path} was written for a big-endian machine, and promptlab reads little-endian GGUF files only."
    return f"{path} has version {version} of the GGUF format, and promptlab reads versions 2 and 3. Get a newer file."


def _tensor(reader: Reader) -> TensorInfo:
    name = reader.text()
    dimensions = reader.whole("I")
    if dimensions > 8:
        raise ValueError(f"a tensor of {dimensions} dimensions")
    shape = tuple(int(each) for each in reader.numbers("Q", dimensions))
    kind, offset = reader.whole("I"), reader.whole("Q")
    if kind not in TENSOR_KINDS:
        raise ValueError(f"tensors of an unknown kind ({kind})")
    return TensorInfo(name, shape, kind, offset)


def _refuse_other_things(header: Header) -> None:
    """ModelError for GGUF files that hold something else than one whole language model."""
    path, kind = header.path, header.text("general.type")
    if header.architecture == "clip" or kind == "mmproj":
        raise ModelError(f"{path} holds the vision part of a model (mmproj): name the language model's own file.")
    if kind not in ("", "model"):
        raise ModelError(f"{path} holds no model but {shorten(kind, 40)!r}: name the file of a whole model.")
    count = header.number("split.count") or 1
    if count > 1 or re.search(r"-\d{5}-of-(?!00001)\d{5}\.gguf$", path.name):
        raise ModelError(
            f"{path} is one part of several. Join them first, with llama.cpp's `llama-gguf-split --merge`, and name "
            "the file that comes of it."
        )
    if not header.architecture or not header.tensors:
        raise ModelError(f"{path} holds no model: its header names no architecture or no weights.")
    layers = max(header.number(f"{header.architecture}.{key}") or 0 for key in _LAYERS)
    if layers > len(header.tensors):  # transformers would set up each of them before it misses their weights
        raise ModelError(
            f"{path} is damaged: its header names {layers:,} layers and {counted(len(header.tensors), 'tensor')}. Copy "
            "or download it again."
        )
