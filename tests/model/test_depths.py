"""The slots' vectors after a layer equal transformers' own hidden states, and a pass that needs no more stops there."""

from typing import Any

import pytest
import torch
from tiny_models import EVERY, build, examples, reading, shake, slot_last, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer
from torch import Tensor, nn

from promptlab.errors import ModelError
from promptlab.model import LanguageModel, Readout, wrap_model
from promptlab.model.depths import find_layers
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "", "A bad movie")
SIZE: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}


def several_slots(lm: LanguageModel, *, soft: str = "") -> Template:
    """Two slots with text around them where the family has that, else one at the end."""
    end = " {mask}" if slot_last(lm) else " {mask} and {mask}, yes."
    return Template.parse("{text}" + soft + " It was" + end)


def own_states(lm: LanguageModel, template: Template, soft: Tensor | None = None) -> list[Tensor]:
    """transformers' hidden states at the slots (N, M, D), by depth, of the rows in one padded batch."""
    rows = [lm.place(prompt) for prompt in lm.encode(template, examples(TEXTS))]
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    batch = lm.batch([rows[place] for place in order])
    inputs: dict[str, Any] = {"attention_mask": batch.mask}
    if soft is None or batch.soft is None:
        inputs["input_ids"] = batch.ids
    else:
        inputs["inputs_embeds"] = lm.model.get_input_embeddings()(batch.ids)
        inputs["inputs_embeds"][batch.soft > 0] = soft[batch.soft[batch.soft > 0] - 1]
    if batch.decoder is not None:
        inputs["decoder_input_ids"] = batch.decoder
    with torch.no_grad():
        said = lm.model(**inputs, output_hidden_states=True)
    states = said.hidden_states if batch.decoder is None else said.decoder_hidden_states
    back = torch.tensor(order).argsort()
    batch_rows = torch.arange(len(rows))[:, None]
    return [state[batch_rows, batch.slots][back] for state in states]


def depths_of(lm: LanguageModel) -> range:
    return range(1, lm.layers + 1)


@pytest.mark.parametrize("name", EVERY)
def test_below_the_last_layer_the_vectors_are_transformers_own_to_the_last_digit(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    readout = reading(lm, template, TEXTS, depths=depths_of(lm))
    states = own_states(lm, template)
    assert lm.layers == len(states) - 1
    for depth in depths_of(lm)[:-1]:
        assert torch.equal(readout.at(depth), states[depth])
    assert not torch.equal(readout.at(1), states[0])


@pytest.mark.parametrize("name", EVERY)
def test_soft_vectors_reach_every_depth(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm, soft=" {soft:2}")
    generator = torch.Generator().manual_seed(1)
    soft = torch.randn(2, lm.model.get_input_embeddings().weight.shape[1], generator=generator)
    readout = reading(lm, template, TEXTS, depths=depths_of(lm), soft=soft)
    states = own_states(lm, template, soft)
    for depth in depths_of(lm)[:-1]:
        torch.testing.assert_close(readout.at(depth), states[depth], atol=0, rtol=0)


# The norm between the last layer and the last hidden state; OPT's projection to the width of its embeddings after it.
NORMS = {
    "modernbert": lambda model, states: model.model.final_norm(states),
    "gpt2": lambda model, states: model.transformer.ln_f(states),
    "opt": lambda model, states: model.model.decoder.project_out(model.model.decoder.final_layer_norm(states)),
    "llama3": lambda model, states: model.model.norm(states),
    "qwen3": lambda model, states: model.model.norm(states),
    "gemma3": lambda model, states: model.model.norm(states),
    "t5": lambda model, states: model.decoder.final_layer_norm(states),
    "bert": lambda model, states: states,
    "albert": lambda model, states: states,
    "deberta-v2": lambda model, states: states,
    "bart": lambda model, states: states,
}


@pytest.mark.parametrize("name", NORMS)
def test_the_last_layer_is_as_it_leaves_the_layer_before_any_norm(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    last = reading(lm, template, TEXTS, depths=[lm.layers]).at(lm.layers)
    with torch.no_grad():
        torch.testing.assert_close(NORMS[name](lm.model, last), own_states(lm, template)[-1], atol=1e-6, rtol=1e-6)


def calls_of(lm: LanguageModel, read: Any) -> list[int]:
    """Which layers, from 1, were called while something was read."""
    called: list[int] = []
    found = [call.module for call in lm._stack.calls]
    hooks = [
        module.register_forward_hook(lambda module, *_: called.append(found.index(module) + 1)) for module in set(found)
    ]
    try:
        read()
    finally:
        for hook in hooks:
            hook.remove()
    return called


@pytest.mark.parametrize("name", [name for name in EVERY if name != "albert"])
def test_without_the_top_no_layer_above_the_deepest_is_called(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    whole = reading(lm, template, TEXTS, depths=[1])
    stopped: list[Readout] = []
    called = calls_of(lm, lambda: stopped.append(reading(lm, template, TEXTS, depths=[1], top=False)))
    assert called == [1]
    assert calls_of(lm, lambda: reading(lm, template, TEXTS, depths=[1])) == list(depths_of(lm))
    assert torch.equal(stopped[0].at(1), whole.at(1))
    assert stopped[0].hidden.shape == (*whole.hidden.shape[:2], 0)
    assert stopped[0].log_norm.isnan().all()


def test_albert_stops_after_the_first_call_of_the_module_that_is_all_its_layers() -> None:
    lm = tiny("albert")
    assert [call.number for call in lm._stack.calls] == [0, 1]
    template = several_slots(lm)
    (module,) = {call.module for call in lm._stack.calls}
    calls: list[int] = []
    hook = module.register_forward_pre_hook(lambda *_: calls.append(1))
    readout = reading(lm, template, TEXTS, depths=[1], top=False)
    hook.remove()
    assert len(calls) == 1
    assert torch.equal(readout.at(1), own_states(lm, template)[1])


@pytest.mark.parametrize("name", EVERY)
def test_the_top_is_the_same_with_and_without_depths_and_the_model_is_left_as_it_was(name: str) -> None:
    lm = tiny(name)
    template = several_slots(lm)
    plain = reading(lm, template, TEXTS)
    with_depths = reading(lm, template, TEXTS, depths=[lm.layers, 1])
    reading(lm, template, TEXTS, depths=[1], top=False)
    again = reading(lm, template, TEXTS)
    assert torch.equal(plain.hidden, with_depths.hidden) and torch.equal(plain.hidden, again.hidden)
    assert torch.equal(plain.log_norm, with_depths.log_norm) and torch.equal(plain.log_norm, again.log_norm)
    assert with_depths.depths == (1, lm.layers, "top")


def _mpnet() -> Any:
    from transformers import MPNetConfig, MPNetForMaskedLM

    return MPNetForMaskedLM(MPNetConfig(vocab_size=99, **SIZE))


def _deberta_with_convolution() -> Any:
    from transformers import DebertaV2Config, DebertaV2ForMaskedLM

    return DebertaV2ForMaskedLM(DebertaV2Config(vocab_size=99, conv_kernel_size=3, relative_attention=True, **SIZE))


def _cohere() -> Any:
    from transformers import CohereConfig, CohereForCausalLM

    return CohereForCausalLM(CohereConfig(vocab_size=99, **SIZE))


def _granite() -> Any:
    from transformers import GraniteConfig, GraniteForCausalLM

    return GraniteForCausalLM(GraniteConfig(vocab_size=99, **SIZE))


def _neox() -> Any:
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    return GPTNeoXForCausalLM(GPTNeoXConfig(vocab_size=99, **SIZE))


def _mixtral() -> Any:
    from transformers import MixtralConfig, MixtralForCausalLM

    return MixtralForCausalLM(MixtralConfig(vocab_size=99, num_key_value_heads=2, num_local_experts=2, **SIZE))


def _one_layer() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(vocab_size=99, **SIZE | {"num_hidden_layers": 1}))


OTHERS = (_mpnet, _deberta_with_convolution, _cohere, _granite, _neox, _mixtral, _one_layer)


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make.__name__.strip("_"))
def test_other_architectures_show_their_layers_too(make: Any) -> None:
    model = make().eval()
    shake(model)
    inputs = {"input_ids": torch.arange(5, 13)[None], "attention_mask": torch.ones(1, 8, dtype=torch.long)}
    stack, slots = find_layers(model, inputs), torch.tensor([[1, 6]])
    assert len(stack) == model.config.num_hidden_layers
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states
        with stack.catching(slots, range(1, len(stack) + 1), stop=True) as seen:
            model(**inputs)
    for depth in range(1, len(stack)):
        assert torch.equal(seen[depth], states[depth][:, [1, 6]])
    assert isinstance(stack.calls[-1].module, type(stack.calls[-2].module) if len(stack) > 1 else nn.Module)
    assert seen[len(stack)].shape == (1, 2, 32)


def test_layers_that_change_nothing_are_still_told_apart() -> None:
    model = build("gpt2")
    for block in model.transformer.h[1:]:
        for part in (block.attn.c_proj, block.mlp.c_proj):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)
    lm = wrap_model(model, tokenizer("gpt2"))
    assert [call.module for call in lm._stack.calls] == list(model.transformer.h)


def test_a_model_whose_layers_cannot_be_found_says_so_and_is_still_read_at_its_top() -> None:
    from transformers import MambaConfig, MambaForCausalLM

    made = tokenizer("gpt2")
    config = MambaConfig(vocab_size=len(made), hidden_size=16, num_hidden_layers=2, state_size=4, pad_token_id=0)
    lm = wrap_model(MambaForCausalLM(config).eval(), made)
    assert reading(lm, "{text} It was {mask}", TEXTS).has("top")
    with pytest.raises(ModelError, match=r"^The layers of a 'mamba' model cannot be found, .* the depth \"top\"\.$"):
        reading(lm, "{text} It was {mask}", TEXTS, depths=[1])
    with pytest.raises(ModelError, match="cannot be found"):
        _ = lm.layers


@pytest.mark.parametrize("depth", [0, -1, 3])
def test_a_depth_that_the_model_lacks_is_refused_with_its_range(depth: int) -> None:
    lm = tiny("bert")
    with pytest.raises(ModelError, match=rf"Depth {depth} is not in this model, which has 2 layers: use 1 to 2"):
        reading(lm, "{text} {mask}", TEXTS, depths=[1, depth])


def test_finding_the_layers_is_not_counted_as_a_reading() -> None:
    lm = wrap_model(build("bert"), tokenizer(tokenizer_kind("bert")))
    calls = lm.calls
    reading(lm, "{text} {mask}", TEXTS, depths=[1])
    assert lm.calls == calls + 1


WORD_SCORES = {
    "tokens": lambda readout: readout.tokens([5]),
    "words": lambda readout: readout.words(["good"]),
    "words read whole": lambda readout: readout.words(["not relevant"], pieces="whole"),
    "top": lambda readout: readout.top(3),
    "ranks": lambda readout: readout.ranks([5]),
    "vectors": lambda readout: readout.at("top"),
}


@pytest.mark.parametrize("access", WORD_SCORES)
def test_a_reading_that_stopped_below_the_top_scores_no_word_and_says_why(access: str) -> None:
    readout = reading(tiny("bert"), "{text} {mask}", TEXTS, depths=[1], top=False)
    with pytest.raises(ModelError, match=r"This reading stopped after layer 1 of the model, where no word has a score"):
        WORD_SCORES[access](readout)


def test_a_depth_that_was_not_read_is_named_with_those_that_were() -> None:
    readout = reading(tiny("bert"), "{text} {mask}", TEXTS, depths=[2])
    with pytest.raises(ModelError, match=r"Depth 1 was not read; this reading has 2, top\."):
        readout.at(1)


def test_a_reading_of_nothing_is_refused() -> None:
    with pytest.raises(ModelError, match="name the depths"):
        reading(tiny("bert"), "{text} {mask}", TEXTS, top=False)


def test_words_read_whole_bring_the_top_with_them() -> None:
    readout = reading(tiny("bert"), "{text} {mask}", TEXTS, depths=[1], top=False, words=["not relevant"])
    assert readout.words(["not relevant"], pieces="whole").shape == (4, 1, 1)
    assert readout.has("top") and readout.has(1)


def test_numbers_that_are_not_finite_are_refused_at_a_depth_too() -> None:
    lm = wrap_model(build("bert"), tokenizer("bert"))
    with torch.no_grad():
        lm.model.bert.encoder.layer[0].output.LayerNorm.bias[0] = float("inf")
    with pytest.raises(ModelError, match="not finite in float32"):
        reading(lm, "{text} {mask}", TEXTS, depths=[1], top=False)
