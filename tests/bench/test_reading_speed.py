"""Reading SST-2 dev: end to end against the bare encoder on the same batches, and against a padded plain loop."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from promptlab.jobs import Rows, evaluate, finish
from promptlab.model import load_model
from promptlab.model.batches import plan_batches
from promptlab.pipeline import Pipeline
from promptlab.task import load_task, select_split
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

pytestmark = pytest.mark.bench
WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
TEXT = "{text} it was {mask}."
THREADS = 1


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_end_to_end_against_encoder_and_plain_loop(
    data: Path, interleaved: Callable[..., list[float]], dtype: str
) -> None:
    torch.set_num_threads(THREADS)
    lm = load_model("embedded", dtype=dtype)
    task = load_task(data / "sst2")
    _, examples = select_split(task, "dev")
    rows = Rows(examples)
    pipeline = Pipeline.of(lm, Template.parse(TEXT), WORDS)
    placed = [lm.place(prompt) for prompt in pipeline.encode(examples)]
    batches = [lm.batch([placed[place] for place in places]) for places in plan_batches(placed, lm.token_budget)]
    tokenizer = lm.tokens.tokenizer
    texts = [f"{example.fields['text']} it was {tokenizer.mask_token}." for example in examples]

    def end_to_end() -> None:
        finish(evaluate(pipeline, rows))

    @torch.no_grad()
    def encoder() -> None:
        for batch in batches:
            lm.model.base_model(input_ids=batch.ids, attention_mask=batch.mask)

    @torch.no_grad()
    def padded() -> None:
        for start in range(0, len(texts), 32):
            part = texts[start : start + 32]
            lm.model(**tokenizer(part, padding="max_length", max_length=128, truncation=True, return_tensors="pt"))

    whole, bare = interleaved([end_to_end, encoder], 5)
    again, slow = interleaved([end_to_end, padded], 3)
    print(
        f"\n{dtype}, {THREADS} thread, {len(texts)} rows: end to end {whole:.2f} s, "
        f"encoder {bare:.2f} s, ratio {whole / bare:.3f} (n=5)"
    )
    print(f"padded to 128, in order, full logits: {slow:.2f} s against {again:.2f} s, {slow / again:.1f}x (n=3)")
    assert slow / again > 3


def test_peak_memory_of_an_evaluation(data: Path) -> None:
    """Above what the process takes with the model loaded."""
    code = (
        "import resource, sys\n"
        "from promptlab.jobs import Rows, evaluate, finish\n"
        "from promptlab.model import load_model\n"
        "from promptlab.pipeline import Pipeline\n"
        "from promptlab.task import load_task, select_split\n"
        "from promptlab.template import Template\n"
        "from promptlab.verbalizer import LabelWords, Word\n"
        "lm = load_model('embedded')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "words = LabelWords({'negative': (Word('terrible'),), 'positive': (Word('great'),)})\n"
        "rows = select_split(load_task(sys.argv[1]), 'dev')[1]\n"
        "finish(evaluate(Pipeline.of(lm, Template.parse('{text} it was {mask}.'), words), Rows(rows)))\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(before // 1024, after // 1024)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(data / "sst2")], capture_output=True, text=True, check=True)
    before, after = map(int, run.stdout.split())
    print(f"\npeak memory: {before} MiB with the model loaded, {after} MiB after SST-2 dev (+{after - before})")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0 and after - before < 400
