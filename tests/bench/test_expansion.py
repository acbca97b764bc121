"""How many words of knowledge-base lists each source of an expansion finds among its first 50, 100 and 200."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from promptlab.errors import PromptlabError
from promptlab.jobs import finish
from promptlab.jobs.words.expand import expand
from promptlab.jobs.words.expansion import Material, Wanted
from promptlab.model import LanguageModel, ReadoutCache, load_model
from promptlab.model.encoders import PACKAGED_ENCODER, packaged_encoder
from promptlab.model.spelling import SPACE, Spelling
from promptlab.task import load_task, sample_rows
from promptlab.template import Template
from promptlab.text import fold
from promptlab.verbalizer import LabelWords, Word

pytestmark = pytest.mark.bench

FIRST = (50, 100, 200)
TEXTS = 200
# A file of lists -> each label's seeds, among its list's own first words.
SEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sentiment": {"negative": ("terrible", "bad"), "positive": ("great", "good")},
    "ag_news": {
        "World": ("politics",),
        "Sports": ("sports",),
        "Business": ("business",),
        "Tech": ("technology",),
    },
}
# The texts of each, and what is read: the slot is last for causal models.
TASKS = {"sentiment": "sst2", "ag_news": "ag_news"}
TEMPLATES = {
    "masked": {"sentiment": "{text} It was {mask}.", "ag_news": "[ Topic: {mask} ] {text}"},
    "causal": {"sentiment": "Review: {text}\nSentiment: {mask}", "ag_news": "Article: {text}\nCategory: {mask}"},
}
Lists = Mapping[str, frozenset[str]]


@pytest.mark.parametrize("model", ["embedded", "gemma-3-270m"])
def test_shares_of_knowledge_base_lists_that_are_found(model: str, data: Path) -> None:
    try:
        lm = load_model(model, offline=True)
    except PromptlabError as error:
        pytest.skip(str(error))
    print(f"\n{model}: share of a list's words found, mean of six labels, among the first {FIRST};")
    print("  share of those found that stand in the list, and in another label's; share found of 200, by label")
    print(f"  words of the lists, and those of one piece in this model: {_sizes(lm, data)}")
    cache = ReadoutCache()
    shares = {name: _report(name, wanted, lm, data, cache) for name, wanted in _sources().items()}
    assert shares["wordnet + neighbours"] > max(shares["wordnet"], shares["neighbours"])


def _sources() -> dict[str, Wanted]:
    most = max(FIRST)
    vectors = {"input": "input", "output": "output", "embedded as encoder": "embedded"}
    if packaged_encoder() is not None:
        vectors[PACKAGED_ENCODER] = PACKAGED_ENCODER
    return {
        "wordnet": Wanted(("wordnet",), most),
        **{f"neighbours, {name}": Wanted(("neighbours",), most, encoder=it) for name, it in vectors.items()},
        "neighbours": Wanted(("neighbours",), most),
        "model": Wanted(("model",), most),
        "wordnet + neighbours": Wanted(("wordnet", "neighbours"), most),
        "wordnet + neighbours + model": Wanted(("wordnet", "neighbours", "model"), most),
    }


def _report(name: str, wanted: Wanted, lm: LanguageModel, data: Path, cache: ReadoutCache) -> float:
    """Print one source's shares; the mean share of the lists among its first 200."""
    found: dict[str, list[str]] = {}
    lists: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for file, seeds in SEEDS.items():
        own = _lists(data, file)
        words = LabelWords({label: tuple(map(Word, texts)) for label, texts in seeds.items()})
        expansion = finish(expand(lm, words, wanted, _material(lm, file, data), cache=cache))
        for label, texts in seeds.items():
            others = frozenset().union(*(own[other] for other in own if other != label))
            lists[label] = own[label] - {*texts}, others - own[label]
            found[label] = [fold(word.text) for word in expansion.of(label)]
    recall = [_mean(lists, lambda label, n=n: _found(found[label][:n], lists[label][0])) for n in FIRST]
    own = [_mean(lists, lambda label, n=n: _within(found[label][:n], lists[label][0])) for n in FIRST]
    other = _mean(lists, lambda label: _within(found[label][: FIRST[0]], lists[label][1]))
    by_label = "  ".join(f"{label} {_found(words[: FIRST[-1]], lists[label][0]):.2f}" for label, words in found.items())
    print(f"  {name:32s} {_shown(recall)}   in the list {_shown(own)}, another's {other:.2f}   {by_label}")
    return recall[-1]


def _material(lm: LanguageModel, file: str, data: Path) -> Material:
    """Unlabelled train texts, the same for every source."""
    family = "masked" if lm.family == "masked" else "causal"
    task = load_task(str(data / TASKS[file]))
    return Material(Template.parse(TEMPLATES[family][file]), sample_rows(task.train, TEXTS, seed=13))


def _sizes(lm: LanguageModel, data: Path) -> str:
    spelling = Spelling(lm.tokens, (SPACE,))
    tables = {label: words for file in SEEDS for label, words in _lists(data, file).items()}
    counts = {label: sum(not spelling.is_split(word) for word in words) for label, words in tables.items()}
    return "  ".join(f"{label} {len(words)}, {counts[label]}" for label, words in tables.items())


def _lists(data: Path, file: str) -> dict[str, frozenset[str]]:
    table: dict[str, list[str]] = json.loads((data / "kpt_words" / f"{file}.json").read_text(encoding="utf-8"))
    return {label: frozenset(map(fold, words)) for label, words in table.items()}


def _mean(lists: Mapping[str, object], share: Callable[[str], float]) -> float:
    return sum(map(share, lists)) / len(lists)


def _found(words: Sequence[str], listed: frozenset[str]) -> float:
    return sum(word in listed for word in words) / len(listed)


def _within(words: Sequence[str], listed: frozenset[str]) -> float:
    return sum(word in listed for word in words) / max(len(words), 1)


def _shown(shares: Sequence[float]) -> str:
    return " ".join(f"{share:.3f}" for share in shares)
