"""Options of functions: which there are, what text and TOML become, and what is said when they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.options import bind, convert, options

if TYPE_CHECKING:
    from promptlab.nowhere import Pipeline


def lora(
    pipeline: Pipeline,
    *,
    rank: int = 8,
    alpha: float = 16.0,
    targets: tuple[str, ...] = ("query", "value"),
    bias: Literal["none", "all"] = "none",
    merge: bool = False,
    layers: tuple[int, ...] | None = None,
    span: tuple[int, int] = (0, 1),
    words: Sequence[str] = (),
    note: str | None = None,
    score: Callable[[int], float] = float,
) -> None:
    """A function as tuning methods are."""


class Verbalizer:
    """A class as verbalizers are."""

    def __init__(self, *, depth: int, scale: float = 1.0) -> None:
        self.depth, self.scale = depth, scale


def test_options_are_the_keywords_that_can_be_written_down():
    found = options(lora)
    assert list(found) == ["rank", "alpha", "targets", "bias", "merge", "layers", "span", "words", "note"]
    assert (found["rank"].default, found["rank"].required) == (8, False)
    assert options(Verbalizer)["depth"].required


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"rank": "4"}, 4),
        ({"rank": 4}, 4),
        ({"alpha": "1e-4"}, 1e-4),
        ({"alpha": 2}, 2.0),
        ({"targets": "query, key"}, ("query", "key")),
        ({"targets": ["a,b"]}, ("a,b",)),
        ({"targets": ""}, ()),
        ({"bias": "all"}, "all"),
        ({"bias": "none"}, "none"),
        ({"merge": "yes"}, True),
        ({"merge": False}, False),
        ({"layers": "none"}, None),
        ({"layers": "1,2"}, (1, 2)),
        ({"layers": 3}, (3,)),
        ({"span": [2, 5]}, (2, 5)),
        ({"words": "a,b"}, ("a", "b")),
        ({"note": "12"}, "12"),
    ],
)
def test_text_and_toml_become_what_the_signature_asks(given, value):
    (found,) = bind(lora, given, where="[fit]").values()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ranks": 4}, r"^run\.toml: lora has no option 'ranks'\. Did you mean 'rank'\? It has: rank, alpha"),
        ({"score": "x"}, "lora has no option 'score'"),
        ({"pipeline": "x"}, "lora has no option 'pipeline'"),
        ({"rank": "four"}, r"^run\.toml: rank takes a whole number, not 'four'\.$"),
        ({"rank": 4.0}, r"rank takes a whole number, not 4\.0"),
        ({"rank": True}, "rank takes a whole number, not True"),
        ({"alpha": "inf"}, "alpha takes a number, not 'inf'"),
        ({"merge": "maybe"}, "merge takes true or false, not 'maybe'"),
        ({"merge": 1}, "merge takes true or false, not 1"),
        ({"bias": "al"}, "bias takes none or all, not 'al'"),
        ({"layers": "1,x"}, "layers takes a whole number, or a list of such or none, not '1,x'"),
        ({"span": [1]}, r"span takes a list of 2: a whole number, a whole number, not \[1\]"),
        ({"note": 3}, "note takes a text or none, not 3"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_type(given, message):
    with pytest.raises(ConfigError, match=message):
        bind(lora, given, where="run.toml")


def test_a_function_without_options_says_so():
    with pytest.raises(ConfigError, match=r"bitfit has no option 'rank'\. It has no options\."):
        bind(lambda_named("bitfit"), {"rank": 1}, where="-o")


def lambda_named(name: str) -> Callable[[object], None]:
    def function(pipeline: object) -> None:
        """A method without options."""

    function.__name__ = name
    return function


def test_the_options_of_a_class_are_those_of_its_making():
    assert Verbalizer(**bind(Verbalizer, {"depth": "12"}, where="-o")).depth == 12


def test_a_choice_of_numbers_is_read_and_true_is_not_1():
    assert convert("2", Literal[1, 2], where="w") == 2
    with pytest.raises(ConfigError, match="w takes 1 or 2, not True"):
        convert(True, Literal[1, 2], where="w")


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_being_text(number):
    assert convert(str(number), type(number), where="w") == number
