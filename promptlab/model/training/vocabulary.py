"""A tokenizer from nothing: WordPiece for masked models, byte pairs for causal ones, Unigram with sentinels for T5."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from promptlab.errors import DataError
from promptlab.model.language_model import Family
from promptlab.text import counted

LEAST = 300
# Below so many characters a piece, its pieces are seen too rarely to be learnt.
_CHARACTERS_A_PIECE = 100
# Characters that a tokenizer is trained on at most: more text changes little and takes memory.
_MOST_CHARACTERS = 20_000_000
_SENTINELS = 100
# Characters of a run without blanks (Thai, a long link) that WordPiece still takes apart.
_LONGEST_WORD = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Documents and characters of a text, and how many of its documents (each ``every``-th) a tokenizer is shown."""

    documents: int
    characters: int

    @property
    def every(self) -> int:
        """1 for all of them."""
        return -(-self.characters // _MOST_CHARACTERS)

    @property
    def most_pieces(self) -> int:
        """The largest vocabulary that the text can fill."""
        return self.characters // _CHARACTERS_A_PIECE


def measure(documents: Iterable[str]) -> Measured:
    """Count the text; DataError when it is too small for any vocabulary."""
    count = characters = 0
    for text in documents:
        count += 1
        characters += len(text)
    measured = Measured(count, characters)
    if measured.most_pieces < LEAST:
        raise DataError(
            f"There is too little text for a vocabulary: {counted(characters, 'character')}, and at least "
            f"{LEAST * _CHARACTERS_A_PIECE:,} are needed."
        )
    return measured


def new_tokenizer(
    family: Family, documents: Iterable[str], measured: Measured, *, size: int, lowercase: bool, sequence: int
) -> Any:
    """A transformers tokenizer of up to ``size`` pieces, trained on the documents (held-out ones included).

    No language is assumed: characters are normalised (NFC), accents stay, and text without blanks is taken apart
    like any other.
    """
    from transformers import PreTrainedTokenizerFast

    made = {"masked": _wordpiece, "causal": _byte_pairs, "seq2seq": _unigram}[family]
    backend, special = made(_shown(documents, measured.every), size, lowercase)
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=sequence, **special)


def _shown(documents: Iterable[str], every: int) -> Iterator[str]:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    return islice(documents, 0, None, every)


def _wordpiece(documents: Iterator[str], size: int, lowercase: bool) -> tuple[Any, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD))
    bert = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
    backend.normalizer = normalizers.Sequence([normalizers.NFC(), bert])
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=list(special.values()), limit_alphabet=size // 2, show_progress=False
    )
    backend.train_from_iterator(documents, trainer)
    ends = [(name, backend.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    backend.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ends)
    return backend, special


def _byte_pairs(documents: Iterator[str], size: int, lowercase: bool) -> tuple[Any, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    end = "<|endoftext|>"
    backend = Tokenizer(models.BPE())
    plain = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    backend.normalizer = normalizers.Sequence(plain)
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[end],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    backend.train_from_iterator(documents, trainer)
    return backend, {"bos_token": end, "eos_token": end, "pad_token": end}


def _unigram(documents: Iterator[str], size: int, lowercase: bool) -> tuple[Any, dict[str, Any]]:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    sentinels = [f"<extra_id_{number}>" for number in range(_SENTINELS)]
    special = ["<pad>", "</s>", "<unk>"]
    backend = Tokenizer(models.Unigram())
    plain = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    backend.normalizer = normalizers.Sequence(plain)
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=[*special, *sentinels], unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(documents, trainer)
    backend.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
    named = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return backend, {**named, "extra_special_tokens": sentinels}
