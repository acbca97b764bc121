"""The slots' vectors after any layer: which calls of which modules are a model's layers, and a pass that stops there.

No table of architectures: one short pass shows which module's output is which of the hidden states that transformers
gives out, so what is caught at a depth equals ``output_hidden_states`` by construction.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from promptlab.errors import ModelError
from promptlab.model.output import Reached, gather_slots
from promptlab.text import counted


@dataclass(frozen=True)
class LayerCall:
    """A layer: the call with this number, from 0, of a module within one pass (ALBERT calls one module many times)."""

    module: nn.Module
    number: int


@dataclass(frozen=True)
class LayerStack:
    """The layers of a model, or of its decoder, the lowest first."""

    calls: tuple[LayerCall, ...]

    def __len__(self) -> int:
        return len(self.calls)

    @contextmanager
    def catching(self, slots: Tensor, depths: Sequence[int], *, stop: bool) -> Iterator[dict[int, Tensor]]:
        """While open, a forward pass leaves the slots' vectors (B, M, D) after each depth in what is yielded.

        Below the last layer they equal transformers' ``hidden_states[depth]`` at the slots. The last layer's are as the
        layer gives them, where many models pass ``hidden_states[-1]`` through their final norm. With ``stop`` the pass
        ends at the deepest. Raises ModelError for a depth outside the layers.
        """
        self.check(depths)
        wanted = {self.calls[depth - 1]: depth for depth in depths}
        seen: dict[int, Tensor] = {}
        numbers: Counter[nn.Module] = Counter()

        def catch(module: nn.Module, args: object, result: object) -> None:
            depth = wanted.get(LayerCall(module, numbers[module]))
            numbers[module] += 1
            states = _states(result)
            if depth is not None and states is not None:
                seen[depth] = gather_slots(states, slots)
                if stop and len(seen) == len(wanted):
                    raise Reached

        with ExitStack() as hooks:
            for module in {call.module for call in wanted}:
                hooks.callback(module.register_forward_hook(catch).remove)
            with suppress(Reached):
                yield seen

    def check(self, depths: Sequence[int]) -> None:
        """ModelError for a depth outside the layers."""
        for depth in depths:
            if not 1 <= depth <= len(self):
                raise ModelError(
                    f"Depth {depth} is not in this model, which has {counted(len(self), 'layer')}: "
                    f'use 1 to {len(self)}, or "top".'
                )


@dataclass(frozen=True, eq=False)
class _Output:
    """What one module call gave out."""

    name: str
    call: LayerCall
    states: Tensor

    @property
    def parent(self) -> str:
        return self.name.rpartition(".")[0]


@torch.no_grad()
def find_layers(model: Any, inputs: Mapping[str, Any]) -> LayerStack:
    """The layers that make the model's hidden states (its decoder's, where it has one), from one pass over ``inputs``.

    Each state below the last is some module's output; the last layer is the last call in the same list of modules,
    because what transformers gives as the last state may have been through a norm. Raises ModelError where a state has
    no module.
    """
    outputs, states = _watched(model, inputs)
    calls: list[_Output] = []
    for state in states[1:-1]:
        calls.append(_source(outputs, state, model))
        outputs = outputs[outputs.index(calls[-1]) + 1 :]
    lists = {name for name, module in model.named_modules() if isinstance(module, nn.ModuleList)}
    places = {calls[-1].parent} & lists if calls else lists
    # Its width may differ: OPT-350m projects its last state down to the width of its embeddings.
    last = [one for one in outputs if states and one.parent in places and one.states.shape[:2] == states[-1].shape[:2]]
    if not last:
        raise _not_found(model)
    return LayerStack(tuple(one.call for one in (*calls, last[-1])))


def _watched(model: Any, inputs: Mapping[str, Any]) -> tuple[list[_Output], tuple[Tensor, ...]]:
    """The outputs of all module calls in the order in which they ended, and the hidden states that the model says."""
    outputs: list[_Output] = []
    numbers: Counter[nn.Module] = Counter()

    def watch(name: str, module: nn.Module, result: object) -> None:
        states = _states(result)
        if states is not None:
            # A copy, because a module may change its input in place.
            outputs.append(_Output(name, LayerCall(module, numbers[module]), states.clone()))
        numbers[module] += 1

    with ExitStack() as hooks:
        for name, module in model.named_modules():
            hook = module.register_forward_hook(lambda module, _, result, name=name: watch(name, module, result))
            hooks.callback(hook.remove)
        said = model(**inputs, output_hidden_states=True)
    states = getattr(said, "decoder_hidden_states", None) or getattr(said, "hidden_states", None)
    return outputs, tuple(states or ())


def _source(outputs: Sequence[_Output], state: Tensor, model: Any) -> _Output:
    """The outermost module that gave out a state: a layer, not the norm at its end nor the dropout of the next."""
    equal = [one for one in outputs if one.states.shape == state.shape and torch.equal(one.states, state)]
    if not equal:
        raise _not_found(model)
    around = [one for one in equal if equal[0].name == one.name or equal[0].name.startswith(f"{one.name}.")]
    return min(around, key=lambda one: len(one.name))


def _states(result: object) -> Tensor | None:
    """The first tensor of a module's output (B, T, D), or None where it gives something else."""
    first = result[0] if isinstance(result, tuple | list) and result else result
    return first if isinstance(first, Tensor) and first.dim() == 3 else None


def _not_found(model: Any) -> ModelError:
    return ModelError(
        f"The layers of a {model.config.model_type!r} model cannot be found, so it answers at its top only: use label "
        'words, or the depth "top".'
    )
