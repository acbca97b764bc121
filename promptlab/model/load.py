"""Loading a model: through the gate, into the right family, refused when it cannot answer truly."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from promptlab.errors import ModelError
from promptlab.model import hardware, weights
from promptlab.model.check import check_answers, remember_checked, was_checked
from promptlab.model.gate import check_configs, weight_files
from promptlab.model.kind import architectures, auto_class, family_of, refuse_missing
from promptlab.model.language_model import LanguageModel
from promptlab.model.quiet import quieten
from promptlab.model.source import EMBEDDED, Say, Source, find
from promptlab.plugins import find as find_plugin
from promptlab.text import shorten

# Where a family puts no limit on the length of its input (T5), or a limit too large to be meant.
_DEFAULT_LENGTH = 512
# What a configuration or weights of the wrong kind make transformers, and what stands on it, raise.
LOAD_ERRORS = (ValueError, OSError, RuntimeError, KeyError, TypeError, AttributeError, ImportError, SafetensorError)
_CLASSIFIER = re.compile(r"For(Sequence|Token)Classification$|ForQuestionAnswering$|ForMultipleChoice$")
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.tiktoken", "tekken.json")


def load_model(
    reference: str = EMBEDDED,
    *,
    revision: str = "",
    device: str = "auto",
    dtype: str | None = None,
    threads: int | None = None,
    max_length: int | None = None,
    offline: bool = False,
    say: Say | None = None,
) -> LanguageModel:
    """A language model ready to answer at slots.

    ``reference`` is ``embedded``, ``gemma-3-270m`` (with the extra ``gemma``), a folder, a GGUF file, or a hub name
    (``name@revision``). Of a folder only safetensors are opened, and no code of a model is ever run. ``dtype`` defaults
    to bfloat16 where the hardware computes it, else float32. ``max_length`` (pieces) lowers the model's own limit.
    ``say`` is told sizes before anything long begins. Raises ModelError for a model that is missing, unsafe, without a
    trained word-prediction head, too large, or of a kind whose answers cannot be taken apart; ConfigError for a device
    or dtype that is not there.
    """
    source = find(reference, revision=revision, offline=offline, say=say)
    quieten()
    check_configs(source.folder)
    files = weight_files(source.folder)
    config = _config(source.folder, files)
    place = hardware.choose_device(device)
    precision = hardware.choose_dtype(dtype, place)
    hardware.set_threads(threads)
    parameters = weights.parameter_count(files)
    _say_memory(parameters * precision.itemsize, place, precision, source.name, say)
    mark = source.fingerprint or weights.fingerprint(source.folder, files)
    tokenizer = _tokenizer(source.folder)
    if not was_checked(mark):
        _check_once(source, config, tokenizer, mark, parameters)
    model = _weights(source, config, precision).to(place)
    return _wrap(model, tokenizer, source, mark, max_length)


def wrap_model(model: Any, tokenizer: Any, *, name: str = "model", max_length: int | None = None) -> LanguageModel:
    """A transformers model and its tokenizer, made in Python, as a language model; its answers are checked first."""
    lm = _wrap(model, tokenizer, Source(Path(name), name), "", max_length)
    check_answers(lm)
    return lm


def _wrap(model: Any, tokenizer: Any, source: Source, mark: str, max_length: int | None) -> LanguageModel:
    family = family_of(model.config)
    longest = _longest(model, tokenizer)
    if max_length is not None and not 8 <= max_length <= longest:
        raise ModelError(f"--max-length {max_length}: this model reads 8 to {longest} pieces.")
    about: dict[str, Any] = {
        "name": source.name,
        "fingerprint": mark,
        "revision": source.revision,
        "quantization": source.quantization,
        "max_length": max_length or longest,
    }
    lm = find_plugin("models", family)(model, tokenizer, **about)
    assert isinstance(lm, LanguageModel)
    return lm


def _config(folder: Path, files: list[Path]) -> Any:
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (ValueError, OSError, KeyError, TypeError, AttributeError, StrictDataclassError) as error:
        raise ModelError(
            f"{str(folder)!r}: transformers cannot use its config.json ({shorten(str(error), 120)})."
        ) from None
    # What a model asks for here may be fetched from a hub; transformers' own choice is not.
    config._attn_implementation = config._experts_implementation = None
    names = weights.shapes(files)
    _refuse_other_heads(folder, config, names)
    if config.model_type in ("deberta", "deberta-v2") and _has(names, "lm_predictions."):
        config.legacy = False  # else transformers looks for a head of another name and makes up a random one
    return config


def _refuse_other_heads(folder: Path, config: Any, names: Iterable[str]) -> None:
    """ModelError for a classifier (tied to its embeddings, GPT-2 and BART would seem to have a head) and DeBERTa-v3."""
    kind = next(filter(_CLASSIFIER.search, architectures(config)), "")
    if kind or _has(names, "mask_predictions."):
        raise ModelError(
            f"{str(folder)!r} has no trained word-prediction head: it was saved as "
            f"{shorten(kind, 60) or 'a detector of replaced words'}, and its answers would be random. Use the "
            "checkpoint that the language model was trained with."
        )


def _has(names: Iterable[str], beginning: str) -> bool:
    return any(name.startswith(beginning) for name in names)


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    if not any(path for pattern in _TOKENIZER_FILES for path in folder.glob(pattern)):
        # transformers would make one up that knows the special pieces only
        raise ModelError(
            f"{str(folder)!r} has no tokenizer (tokenizer.json). Save it there with the tokenizer's save_pretrained."
        )
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # tokenizers raise bare Exception for a damaged file
        raise ModelError(f"{str(folder)!r}: its tokenizer cannot be loaded ({shorten(str(error), 120)}).") from None


def _weights(source: Source, config: Any, dtype: torch.dtype) -> Any:
    auto = auto_class(config)
    try:
        model, report = auto.from_pretrained(
            source.folder,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except LOAD_ERRORS as error:
        raise ModelError(f"{source.name!r} cannot be loaded: {shorten(str(error), 160)}") from error
    refuse_missing(model, sorted(report["missing_keys"]), source.name)
    return model


def _check_once(source: Source, config: Any, tokenizer: Any, mark: str, parameters: int) -> None:
    """Hold the model's answers against its own full pass, in float32 on the CPU where memory allows."""
    free = hardware.free_memory(torch.device("cpu"))
    precision = torch.float32 if free is None or parameters * 4 < free * 0.8 else torch.bfloat16
    check_answers(_wrap(_weights(source, config, precision), tokenizer, source, mark, None))
    remember_checked(mark)


def _longest(model: Any, tokenizer: Any) -> int:
    """How many pieces the model reads: its positions and the tokenizer's own limit, whichever is less."""
    limits = [int(tokenizer.model_max_length)] if tokenizer.model_max_length < 1_000_000 else []
    config = model.config
    positions = next(
        (getattr(config, key) for key in ("max_position_embeddings", "n_positions") if getattr(config, key, None)), None
    )
    if positions and positions > 0:
        limits.append(int(positions))
    for name, module in model.named_modules():
        # RoBERTa numbers its positions from the padding's on, so some are never used.
        if "position_embeddings" in name and getattr(module, "padding_idx", None) is not None:
            limits.append(module.num_embeddings - module.padding_idx - 1)
    return min(limits, default=_DEFAULT_LENGTH)


def _say_memory(needed: int, device: torch.device, dtype: torch.dtype, name: str, say: Say | None) -> None:
    sentence, fits = hardware.memory_sentence(needed, device, dtype)
    if not fits:
        raise ModelError(
            f"{name!r} does not fit. {sentence} Use a smaller model, --dtype bfloat16 or another --device."
        )
    if say is not None and needed > 1_000_000_000:
        say(sentence)
