"""Learning on tiny models of each family: what is saved, and a template that shows a causal model nothing."""

from pathlib import Path

import pytest
import torch
from tiny_models import tiny

from promptlab.errors import ConfigError
from promptlab.jobs import finish, make_plan
from promptlab.jobs.words.learn import Wanted, learn
from promptlab.jobs.words.learned import LearnedBySeeds
from promptlab.jobs.words.methods import Method
from promptlab.pipeline import load, save
from promptlab.spec import RunSpec
from promptlab.task import Example


def learnt(name: str, template: str, method: Method = "linear") -> LearnedBySeeds:
    plan = make_plan(RunSpec().override(task="reviews", template=[template], words=["positive=good negative=bad"]))
    wanted = Wanted(method, k=3, depths=() if method == "weights" else (1,), limit=4)
    return finish(learn(tiny(name), plan, wanted.draw(plan.task), wanted))


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_every_family_learns_below_its_top_and_comes_back(name: str, tmp_path: Path) -> None:
    pipeline = learnt(name, "{text} it was {mask}").first.pipeline
    assert pipeline.verbalizer.depths == (1,)
    rows = [Example({"text": text}) for text in ("a good film", "a dull story")]
    again = load(save(pipeline, tmp_path / "bundle"), tiny(name))
    assert torch.equal(again.logprobs(rows), pipeline.logprobs(rows))


def test_a_causal_model_that_answers_before_it_reads_the_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"the causal model 'gpt2' has read nothing of it yet.*Put {mask} behind"):
        learnt("gpt2", "It was {mask}: {text}")


def test_there_the_weights_of_words_are_learnt_all_the_same() -> None:
    words = learnt("gpt2", "It was {mask}: {text}", "weights").first.pipeline.words
    assert words is not None and words.words["positive"][0].weight == pytest.approx(1)
