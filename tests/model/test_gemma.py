"""gemma-3-270m as its package brings it: start piece, pieces, answers as a plain loop's, and its packing on record."""

from pathlib import Path

import pytest
import torch
from tiny_models import examples

from promptlab.model import LanguageModel, Readout, load_model
from promptlab.model.source import find
from promptlab.template import Template

pytestmark = pytest.mark.real

TEXTS = ("a gorgeous and deceptively simple film", "it takes a strange kind of laziness", "fine <eos> then <bos>")
PROMPT = "Review: {text}\nSentiment:"


@pytest.fixture(scope="module")
def gemma(real_cache: Path) -> LanguageModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTLAB_CACHE", str(real_cache))
        return load_model("gemma-3-270m", dtype="bfloat16")


def test_prompts_have_gemma_s_pieces_behind_its_start_piece(gemma: LanguageModel) -> None:
    assert gemma.tokens.tokenizer("It was great").input_ids == [2, 1509, 691, 1822]
    assert (gemma.pieces, len(gemma.tokens), gemma.max_length) == (262_144, 262_144, 32_768)
    template = Template.parse("{text} and {mask}")
    for prompt in gemma.encode(template, examples(TEXTS)):
        ids = gemma.place(prompt).ids
        assert ids[0] == 2 and not {0, 1, 2} & set(ids[1:])


def test_answers_are_those_of_a_plain_loop(gemma_cache: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = find("gemma-3-270m").folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    words = [tokenizer(word, add_special_tokens=False).input_ids[0] for word in (" positive", " negative")]
    lm, template = load_model("gemma-3-270m", dtype="float32"), Template.parse(PROMPT + " {mask}")
    readout = Readout.join(lm.read(template, examples(TEXTS[:2])))
    assert lm.word_ids(template, ["positive", "negative"]) == [((word,),) for word in words]
    for row, text in enumerate(TEXTS[:2]):
        inputs = tokenizer(PROMPT.format(text=text), return_tensors="pt")
        with torch.inference_mode():
            plain = model(**inputs).logits[0, -1].log_softmax(-1)[words]
        torch.testing.assert_close(readout.tokens(words)[row, 0], plain, atol=1e-3, rtol=0)


def test_a_depth_is_transformers_own_hidden_state_to_the_last_bit(gemma: LanguageModel) -> None:
    template = Template.parse(PROMPT + " {mask}")
    rows = [gemma.place(prompt) for prompt in gemma.encode(template, examples(TEXTS))]
    batch = gemma.batch(rows)
    with torch.inference_mode():
        states = gemma.model(batch.ids, attention_mask=batch.mask, use_cache=False, output_hidden_states=True)
        answers = gemma(batch, depths=(12, 1), top=False)
    assert (gemma.layers, answers.hidden.shape) == (18, (3, 1, 0))
    for depth in (1, 12):
        assert torch.equal(answers.layers[depth][:, 0], states.hidden_states[depth][range(3), batch.slots[:, 0]])


def test_its_packing_and_terms_are_on_record(gemma: LanguageModel, gemma_cache: Path) -> None:
    assert (gemma.name, gemma.quantization) == ("gemma-3-270m", "Q4_K_M")
    folder = find("gemma-3-270m").folder
    assert folder.is_relative_to(gemma_cache) and "Gemma terms of use" in (folder / "README.md").read_text()
    assert [path for path in (gemma_cache / "converted").iterdir() if path.suffix != ".lock"] == [folder]
