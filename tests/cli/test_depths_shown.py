"""What is shown of a verbalizer without words: its kind, where it reads, and why there are no likeliest words."""

from typing import Any

from promptlab.cli.explanation import explanation_lines
from promptlab.jobs import Explanation

LABELS = {"negative": -0.1, "positive": -2.35}


def explanation(*depths: Any, top: Any = ()) -> Explanation:
    return Explanation("a film {mask}", 5, {}, 0, top, (), LABELS, LABELS, "linear", depths)


def test_a_pass_that_stopped_is_said_and_labels_are_shown() -> None:
    lines = explanation_lines(explanation(12), label="negative", width=80)
    assert "Verbalizer  linear, after layer 12" in lines
    assert any(line.split() == ["positive", "0.095"] for line in lines)
    assert " ".join(lines[-2:]) == (
        "No likeliest words: the model was read after layer 12 and stopped there, below the layer that scores words."
    )
    assert max(map(len, lines)) <= 80


def test_a_pass_that_reached_the_top_shows_the_likeliest_words() -> None:
    lines = explanation_lines(explanation(12, 14, "top", top=((("great", 0.5),),)), label=None, width=80)
    assert "Verbalizer  linear, after layers 12, 14 and at the top" in lines
    assert "Likeliest at the slot" in lines and not any("No likeliest words" in line for line in lines)
