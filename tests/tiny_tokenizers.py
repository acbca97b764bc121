"""Small real tokenizers of every kind, made from a few hundred words when first asked for.

Those with merges are trained; WordPiece and Unigram vocabularies are put together, as their trainers break ties in
another way each time.
"""

import json
import re
from functools import cache
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

_SENTENCES = """
It was great. It was terrible. It was good. It was bad. This film is great and the story is good.
The movie is a terrible bore. All in all, it was wonderful. All in all, the film was awful.
A good movie with a fine cast and a great story. A bad movie with a dull plot and poor acting.
The plot is dull, the acting is poor, and the jokes are not funny. I love this film. I hate this movie.
It was not very good. It was very bad. They don't know what they want. It's a don't miss film.
World news about politics and war. Sports news about a football game. Business news about the market.
Technology news about a new computer. The president said on Monday that the market will rise.
The team won the game on Sunday. Shares of the company fell after the report. Scientists found a new star.
What is the answer? Who was the first man on the moon? Where is the river? How many people live there?
Yes, it is true. No, it is false. Maybe the question is hard. The answer is yes. The answer is no.
Review: the film is great. Sentiment: positive. Review: the film is bad. Sentiment: negative.
In summary, the restaurant was okay. Just great! The food was good (and cheap). Just okay!
one two three four five six seven eight nine ten. day night long short. the x-ray was clear, relevant and not relevant.
0 1 2 3 4 5 6 7 8 9. 0 1 2 3 4 5 6 7 8 9. 0 1 2 3 4 5 6 7 8 9. 0 1 2 3 4 5 6 7 8 9. 0 1 2 3 4 5 6 7 8 9.
"""
TEXTS = tuple(line for line in _SENTENCES.strip().splitlines())


@cache
def tokenizer(kind: str) -> Any:
    """One of ``KINDS``; callers share it."""
    return _KINDS[kind]()


# Every printable character, so that no text of a test is unknown as a whole.
_ALPHABET = [chr(code) for code in range(33, 127)]


def _trained(tokenizer: Tokenizer, trainer: Any) -> dict[str, Any]:
    tokenizer.train_from_iterator([*TEXTS] * 3, trainer)
    return json.loads(tokenizer.to_str())["model"]  # type: ignore[no-any-return]


@cache
def _wordpiece() -> dict[str, int]:
    """Every word of the text, and every character at a word's beginning and behind it."""
    words = sorted(set(re.findall(r"[a-z]{2,}", _SENTENCES.lower())))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    entries = [*special, *_ALPHABET, *(f"##{letter}" for letter in _ALPHABET), *words]
    return {entry: place for place, entry in enumerate(entries)}


@cache
def _unigram() -> tuple[tuple[str, float], ...]:
    """Every word of the text, some parts of words and every character, with log-probabilities."""
    words = sorted(set(re.findall(r"[A-Za-z]{2,}|[0-9]", _SENTENCES)))
    parts = ("re", "at", "in", "ing", "er", "ed", "on", "th", "li", "ti")
    scores = {f"▁{word}": -6.0 for word in words} | dict.fromkeys(parts, -7.0) | dict.fromkeys(_ALPHABET, -7.5)
    return (("▁", -4.0), *scores.items())


def _bytes(*special: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=560,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    model = _trained(raw, trainer)
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


@cache
def _metaspace_bpe() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Merges over ``▁`` and characters; the vocabulary has no special pieces and no bytes yet."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
    model = _trained(raw, trainers.BpeTrainer(vocab_size=360, show_progress=False))
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def _with_bytes(*special: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    vocabulary, merges = _metaspace_bpe()
    entries = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), *vocabulary]
    return {entry: place for place, entry in enumerate(entries)}, merges


def _bert() -> Any:
    from transformers import BertTokenizer

    return BertTokenizer(vocab=_wordpiece(), model_max_length=64)


def _mask(text: str) -> AddedToken:
    """A mask as released checkpoints have it: it takes the space to its left."""
    return AddedToken(text, lstrip=True, special=True)


def _roberta() -> Any:
    from transformers import RobertaTokenizer

    vocabulary, merges = _bytes("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    return RobertaTokenizer(vocab=vocabulary, merges=merges, mask_token=_mask("<mask>"), model_max_length=64)


def _deberta() -> Any:
    from transformers import DebertaTokenizer

    vocabulary, merges = _bytes("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
    return DebertaTokenizer(vocab=vocabulary, merges=merges, mask_token=_mask("[MASK]"))


def _modernbert() -> Any:
    from transformers import PreTrainedTokenizerFast

    special = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    vocabulary, merges = _bytes(*special.values(), "[MASK]")
    raw = Tokenizer(models.BPE(vocabulary, merges))
    raw.decoder = decoders.ByteLevel()
    raw.normalizer, raw.pre_tokenizer = normalizers.NFC(), pre_tokenizers.ByteLevel(add_prefix_space=False)
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    raw.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ends)
    return PreTrainedTokenizerFast(tokenizer_object=raw, mask_token=_mask("[MASK]"), **special)


def _albert() -> Any:
    from transformers import AlbertTokenizer

    special = [(name, 0.0) for name in ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")]
    return AlbertTokenizer(vocab=[*special, *_unigram()], mask_token=_mask("[MASK]"))


def _deberta_v2() -> Any:
    from transformers import DebertaV2Tokenizer

    special = [(name, 0.0) for name in ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")]
    return DebertaV2Tokenizer(vocab=[*special, *_unigram()], mask_token=_mask("[MASK]"))


def _t5() -> Any:
    from transformers import T5Tokenizer

    special = [(name, 0.0) for name in ("<pad>", "</s>", "<unk>")]
    sentinels = [(f"<extra_id_{number}>", 0.0) for number in range(9, -1, -1)]
    return T5Tokenizer(vocab=[*special, *_unigram(), *sentinels], extra_ids=10)


def _gpt2() -> Any:
    from transformers import GPT2Tokenizer

    vocabulary, merges = _bytes("<|endoftext|>")
    return GPT2Tokenizer(vocab=vocabulary, merges=merges)


def _opt() -> Any:
    from transformers import PreTrainedTokenizerFast

    vocabulary, merges = _bytes("<s>", "<pad>", "</s>")
    raw = Tokenizer(models.BPE(vocabulary, merges))
    raw.decoder = decoders.ByteLevel()
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.post_processor = processors.TemplateProcessing("</s> $A", "</s> $A </s> $B", [("</s>", vocabulary["</s>"])])
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="</s>", eos_token="</s>", pad_token="<pad>")


_LLAMA3 = "|".join(
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def _llama3() -> Any:
    from transformers import PreTrainedTokenizerFast

    vocabulary, merges = _bytes("<|begin_of_text|>", "<|end_of_text|>")
    raw = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
    raw.decoder = decoders.ByteLevel()
    split = pre_tokenizers.Split(Regex(_LLAMA3), behavior="isolated")
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    begin = "<|begin_of_text|>"
    raw.post_processor = processors.TemplateProcessing(f"{begin} $A", f"{begin} $A $B", [(begin, vocabulary[begin])])
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=begin, eos_token="<|end_of_text|>")


def _legacy_llama() -> Any:
    from transformers import LlamaTokenizer

    vocabulary, merges = _with_bytes("<unk>", "<s>", "</s>")
    made = LlamaTokenizer(vocab=vocabulary, merges=merges, legacy=True, add_prefix_space=True)
    begin = [("<s>", 1)]
    made.backend_tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", begin)
    return made


def _qwen() -> Any:
    from transformers import Qwen2Tokenizer

    vocabulary, merges = _bytes("<|endoftext|>")
    return Qwen2Tokenizer(vocab=vocabulary, merges=merges)


def _gemma() -> Any:
    from transformers import GemmaTokenizer

    vocabulary, merges = _with_bytes("<pad>", "<eos>", "<bos>", "<unk>", "<mask>")
    made = GemmaTokenizer(vocab=vocabulary, merges=merges)
    made.backend_tokenizer.post_processor = processors.TemplateProcessing(
        "<bos> $A", "<bos> $A <bos> $B", [("<bos>", vocabulary["<bos>"])]
    )
    return made


_KINDS = {
    "bert": _bert,
    "roberta": _roberta,
    "deberta": _deberta,
    "modernbert": _modernbert,
    "albert": _albert,
    "deberta-v2": _deberta_v2,
    "t5": _t5,
    "gpt2": _gpt2,
    "opt": _opt,
    "llama3": _llama3,
    "legacy-llama": _legacy_llama,
    "qwen": _qwen,
    "gemma": _gemma,
}
KINDS = tuple(_KINDS)
