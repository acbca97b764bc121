"""Every shipped template with every set of its label words, read by tiny models of the families it is for."""

import pytest
import torch
from tiny_chats import CHATS, chat
from tiny_models import tiny

from promptlab.model import LanguageModel, Readout
from promptlab.scoring import WordVerbalizer
from promptlab.task import Example
from promptlab.template import Mask, Template, library_file, library_tasks, resolve_templates
from promptlab.verbalizer import LabelWords, resolve_words

TEXTS = ("The plot is dull, the acting is poor.", "Who was the first man on the moon?", "")


def filled(template: Template) -> list[Example]:
    return [Example({field: f"{text} {place}" for place, field in enumerate(template.fields())}) for text in TEXTS]


def scores(lm: LanguageModel, template: Template, words: LabelWords) -> torch.Tensor:
    verbalizer = WordVerbalizer(words)
    needed = verbalizer.whole_words(lm, template)
    return verbalizer(Readout.join(lm.read(template, filled(template), words=needed)))


def pairs(task: str, *, turns: bool = False) -> list[tuple[Template, LabelWords]]:
    """The task's templates, those for chat models or the others, with each of its words."""
    labels = library_file(task).labels[0]
    found = [template for template in resolve_templates(task) if bool(template.turns()) == turns]
    return [(template, words) for template in found for words in resolve_words(task, labels)]


@pytest.mark.parametrize("task", library_tasks())
@pytest.mark.parametrize("name", ["bert", "roberta", "t5"])
def test_every_shipped_template_and_its_words_give_finite_scores(task: str, name: str) -> None:
    lm = tiny(name)
    assert pairs(task)
    for template, words in pairs(task):
        found = scores(lm, template, words)
        assert found.shape == (len(TEXTS), len(words.labels))
        assert torch.isfinite(found).all(), (template.name, words.name)
        torch.testing.assert_close(found.exp().sum(-1), torch.ones(len(TEXTS)))


@pytest.mark.parametrize("task", library_tasks())
def test_every_shipped_template_whose_slot_is_last_is_read_by_a_causal_model(task: str) -> None:
    for template, words in pairs(task):
        if isinstance(template.parts[-1], Mask) and template.slots() == 1:
            assert torch.isfinite(scores(tiny("gpt2"), template, words)).all(), (template.name, words.name)


def test_some_shipped_templates_have_their_slot_last() -> None:
    last = [task for task in library_tasks() if any(isinstance(each.parts[-1], Mask) for each, _ in pairs(task))]
    assert len(last) > 5


def test_a_causal_model_reads_a_shipped_template_with_text_behind_the_slot_word_by_word() -> None:
    (template,) = resolve_templates("sst2#it-was")
    (words,) = resolve_words("sst2#several", library_file("sst2").labels[0])
    assert torch.isfinite(scores(tiny("llama3"), template, words)).all()


@pytest.mark.parametrize("kind", CHATS)
def test_every_shipped_chat_template_is_read_by_chat_models(kind: str) -> None:
    found = [pair for task in library_tasks() for pair in pairs(task, turns=True)]
    assert len({template.name for template, _ in found}) >= 10
    for template, words in found:
        assert torch.isfinite(scores(chat(kind), template, words)).all(), (template.name, words.name)
