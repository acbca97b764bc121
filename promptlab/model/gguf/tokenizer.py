"""The tokenizer of a GGUF file as transformers makes it, put right where it lost something, and tried out."""

import unicodedata
from pathlib import Path
from typing import Any

from promptlab.errors import ModelError
from promptlab.model.gguf.header import Header
from promptlab.model.gguf.vocabulary import exact, is_exact, special_numbers
from promptlab.model.tokens import Tokens
from promptlab.text import listed, shorten

# The first must be known to every vocabulary; the others count where they bring no unknown piece.
_TEXTS = (
    "It was great.",
    "Two  spaces, a\nnew line (and 1,234.5 more) don't get lost!",
    "Ein naïves Café: 東京, 🙂",
)
_UNIGRAM = "t5"  # squeezes blanks and changes characters to their plain forms


def read_tokenizer(header: Header, path: Path) -> Any:
    """The tokenizer of the file at ``path``, an absolute one that ends in ``.gguf``.

    transformers' general class keeps what the file says. The class of a model type would bring its own rules and parse
    the file once more. Raises ModelError when transformers cannot make it or it fails ``check``.
    """
    from transformers import PreTrainedTokenizerFast

    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(path.parent, gguf_file=str(path), local_files_only=True)
    except Exception as error:  # tokenizers raise bare Exception
        raise ModelError(
            f"{header.path}: transformers cannot make its tokenizer ({shorten(str(error), 120)})."
        ) from error
    try:
        if not is_exact(tokenizer, header):
            tokenizer = exact(tokenizer, header)
        _put_right(tokenizer, header)
    except Exception as error:  # tokenizers raise bare Exception
        raise _wrong(header, f"cannot be put right ({shorten(str(error), 80)})") from error
    check(tokenizer, header)
    return tokenizer


def check(tokenizer: Any, header: Header) -> None:
    """Texts come back from their pieces, prompts begin with the start piece, and no text can bring about a control one.

    ModelError with what does not hold.
    """
    tokens = Tokens(tokenizer)
    if len(tokens) != len(header.pieces):
        raise _wrong(header, f"has {len(tokens):,} pieces, and the file lists {len(header.pieces):,}")
    for text in _TEXTS:
        ids = tokens.ids(text)
        is_known = tokenizer.unk_token_id is None or tokenizer.unk_token_id not in ids
        if is_known and _plain(tokens.read(ids), header) != _plain(text, header):
            raise _wrong(header, f"reads {text!r} as {shorten(tokens.read(ids), 80)!r}")
        if not is_known and text == _TEXTS[0]:
            raise _wrong(header, f"does not know the letters of {text!r}")
    start = header.number("tokenizer.ggml.bos_token_id")
    if header.begins and tokens.prefix[:1] != [start]:
        raise _wrong(header, "does not put the model's start piece before a prompt")
    if forged := _forgeable(tokenizer, header):
        raise _wrong(header, f"lets texts write the control pieces {listed(forged, most=3)}")


def _put_right(tokenizer: Any, header: Header) -> None:
    """The start piece before every prompt, control pieces out of the reach of texts, the chat template."""
    if forged := _forgeable(tokenizer, header):
        tokenizer.add_special_tokens({"additional_special_tokens": forged}, replace_extra_special_tokens=False)
    start = special_numbers(header).get("bos")
    if header.begins and start is not None and Tokens(tokenizer).prefix[:1] != [start]:
        tokenizer.bos_token = header.pieces[start]
        _begin_with(tokenizer, header.pieces[start], start)
    template = header.text("tokenizer.chat_template")
    if template and not tokenizer.chat_template:
        tokenizer.chat_template = template


def _begin_with(tokenizer: Any, piece: str, number: int) -> None:
    """Let the tokenizer put a piece before every prompt, whatever it does besides."""
    from tokenizers import processors

    starting = processors.TemplateProcessing(f"{piece}:0 $A:0", f"{piece}:0 $A:0 {piece}:1 $B:1", [(piece, number)])
    backend = tokenizer.backend_tokenizer
    kept = backend.post_processor
    backend.post_processor = starting if kept is None else processors.Sequence([kept, starting])


def _forgeable(tokenizer: Any, header: Header) -> list[str]:
    """Control pieces that the vocabulary knows by their names and does not hold back."""
    special = Tokens(tokenizer).special | {tokenizer.unk_token_id}
    return [
        piece
        for number, piece in header.control_pieces.items()
        if number not in special and tokenizer.backend_tokenizer.token_to_id(piece) == number
    ]


def _plain(text: str, header: Header) -> str:
    """The text without what its tokenizer is known to normalize."""
    if header.text("tokenizer.ggml.model") == _UNIGRAM:
        return " ".join(unicodedata.normalize("NFKC", text).split())
    return text.removeprefix(" ")


def _wrong(header: Header, what: str) -> ModelError:
    return ModelError(
        f"{header.path}: its tokenizer, as transformers reads it, {what}, so its answers would be off. Use another "
        "release of transformers, or the model's original folder."
    )
