"""Searches for label words and what-ifs call the model once for every row, and never while they search."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest

from promptlab.jobs import finish, make_plan
from promptlab.jobs.words.search import Method, search_words
from promptlab.jobs.words.shots import draw_shots
from promptlab.jobs.words.what_if import try_words
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.results import Event, Found, Note
from promptlab.spec import RunSpec

WORDS = "positive=good,fine negative=bad,dull"
TEMPLATES = ("{text} It was {mask}.", "Just {mask}! {text}")


class Counted:
    """How many rows the model's forward pass has seen."""

    def __init__(self, lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        forward = lm.forward

        def counting(batch: Any, *arguments: Any, **options: Any) -> Any:
            self.rows += len(batch.ids)
            return forward(batch, *arguments, **options)

        monkeypatch.setattr(lm, "forward", counting)


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize("templates", [TEMPLATES[:1], TEMPLATES])
def test_every_row_is_read_once_with_each_template_and_none_while_searching(
    method: Method, templates: Sequence[str], embedded: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    if method == "autoprompt" and len(templates) > 1:
        return
    plan = make_plan(RunSpec().override(task="reviews", words=WORDS, template=list(templates)))
    shots = draw_shots(plan.task, 8, seed=13, limit=20)
    counted = Counted(embedded, monkeypatch)
    at_found: list[int] = []
    said: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Note):
            said.append(event.text)
        if isinstance(event, Found):
            at_found.append(counted.rows)

    finish(search_words(embedded, plan, shots, method), listen)
    assert set(at_found) <= {16 * len(templates)}  # the shots and nothing else
    assert counted.rows == (16 + 20) * len(templates)
    assert len(said) == len(set(said))


def test_a_what_if_over_the_whole_vocabulary_reads_every_row_once_and_a_second_none(
    embedded: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(RunSpec().override(task="reviews", words=WORDS, template=TEMPLATES[0]))
    (template, words), *_ = plan.cells
    counted, cache = Counted(embedded, monkeypatch), ReadoutCache()
    for _ in range(2):
        finish(try_words(embedded, template, words, plan.rows, cache=cache))
        assert counted.rows == len(plan.rows)
