"""A plan meets a model: what it cannot answer is left out and said, unless it was named alone."""

import pytest
from tiny_chats import chat
from tiny_models import tiny

from promptlab.errors import ModelError
from promptlab.jobs import build_pipelines, make_plan
from promptlab.jobs.plan import Plan
from promptlab.spec import RunSpec


def plan(*templates: str, words: tuple[str, ...] = ("sst2#manual",)) -> Plan:
    return make_plan(RunSpec(task="reviews", template=templates, words=words))


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_chat_templates_of_a_file_are_left_out_for_models_without_turns(name: str) -> None:
    every = plan("sst2", words=("sst2#manual", "sst2#good-bad"))
    built = build_pipelines(every, tiny(name))
    assert len(built.pipelines) == len(every.cells) - 2
    (note,) = built.notes
    assert note.startswith("1 prompt left out (sst2#chat): ")
    assert ("base model" if name == "gpt2" else "only causal chat models") in note


def test_a_chat_model_answers_every_template_of_a_file() -> None:
    every = plan("sst2")
    built = build_pipelines(every, chat("llama3"))
    assert len(built.pipelines) == len(every.cells) and built.notes == ()
    assert "sst2#chat | sst2#manual" in [name for name, _ in built.pipelines]


def test_a_template_named_alone_is_an_error_where_it_cannot_be_answered() -> None:
    for templates in (("sst2#chat",), ("sst2", "sst2#chat"), ("sst2#review", "{text}{assistant}{mask}")):
        with pytest.raises(ModelError, match="is a base model"):
            build_pipelines(plan(*templates), tiny("gpt2"))


def test_the_first_reason_is_raised_when_nothing_is_left() -> None:
    every = plan("sst2")
    chats = [cell for cell in every.cells if cell[0].turns()]
    with pytest.raises(ModelError, match="only causal chat models"):
        build_pipelines(Plan(every.task, every.split, every.rows, tuple(chats), ()), tiny("bert"))
