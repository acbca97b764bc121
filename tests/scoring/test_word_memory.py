"""What a readout remembers of label scores, and gradients, which must not meet it."""

from dataclasses import replace

import pytest
import torch
from made_words import COMBINES, ONE, SEVERAL, label_words, scores
from tiny_models import reading, tiny

from promptlab.scoring import WordVerbalizer
from promptlab.verbalizer import Combine, Word

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie", "")
TEMPLATE = "{text} It was {mask}"


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize("name", ["bert", "gemma2"])
def test_gradients_flow_to_the_slots_vectors(combine: Combine, name: str) -> None:
    readout = reading(tiny(name), TEMPLATE, TEXTS)
    hidden = readout.hidden.clone().requires_grad_()
    trained = replace(readout, hidden=hidden, memo={})
    verbalizer = WordVerbalizer(label_words(SEVERAL, combine=combine))
    for _ in range(2):  # the second time must not find detached columns
        hidden.grad = None
        verbalizer(trained)[:, 0].sum().backward()
        assert hidden.grad is not None and (hidden.grad.abs().sum((1, 2)) > 0).all()


def test_gradients_flow_to_an_output_layer_that_is_trained() -> None:
    readout = reading(tiny("bert"), TEMPLATE, TEXTS)
    weight = readout.output.weight.clone().requires_grad_()
    output = type(readout.output)(tiny("bert").model)
    output.weight = weight
    trained = replace(readout, output=output, memo={})
    for _ in range(2):
        weight.grad = None
        WordVerbalizer(label_words(ONE))(trained)[:, 0].sum().backward()
        assert weight.grad is not None and (weight.grad.abs().sum() > 0)


def test_what_is_remembered_is_forgotten_when_words_weights_or_combination_change() -> None:
    readout = reading(tiny("bert"), TEMPLATE, TEXTS)
    tables = [
        label_words(SEVERAL),
        label_words(SEVERAL | {"pos": ["great", "good", "fine"]}),
        label_words(SEVERAL | {"pos": ["great", ("good", 2.0)]}),
        label_words(SEVERAL | {"pos": ["great", ("good", 2.0), Word("fine", 0.5, on=False)]}),
        label_words(SEVERAL, combine="max"),
        label_words(SEVERAL, pieces="mean"),
    ]
    for _ in range(2):
        for table in tables:
            torch.testing.assert_close(WordVerbalizer(table)(readout), scores(readout, table))
    assert not torch.allclose(WordVerbalizer(tables[0])(readout), WordVerbalizer(tables[1])(readout))


def test_a_changed_word_works_out_its_own_label_only(monkeypatch: pytest.MonkeyPatch) -> None:
    readout = reading(tiny("bert"), TEMPLATE, TEXTS)
    WordVerbalizer(label_words(SEVERAL))(readout)
    asked: list[list[str]] = []
    folded = WordVerbalizer._folded
    monkeypatch.setattr(
        WordVerbalizer,
        "_folded",
        lambda self, each, labels: (asked.append(list(labels)), folded(self, each, labels))[1],
    )
    WordVerbalizer(label_words(SEVERAL | {"neg": ["awful"]}))(readout)
    WordVerbalizer(label_words(SEVERAL | {"neg": ["awful"]}))(readout)
    assert asked == [["neg"]]
