"""A million rows through the engine: memory above what the loaded model takes (a tiny model, so that it ends)."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench
CODE = """
import resource, sys, time
from promptlab.jobs import Rows, evaluate, finish
from promptlab.model import wrap_model
from promptlab.pipeline import Pipeline
from promptlab.task import load_task, select_split
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word
from promptlab.model import load_model
from transformers import BertConfig, BertForMaskedLM

tokenizer = load_model("embedded").tokens.tokenizer
config = BertConfig(vocab_size=16000, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
lm = wrap_model(BertForMaskedLM(config), tokenizer, name="tiny")
lm.token_budget = 16384
words = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
pipeline = Pipeline.of(lm, Template.parse("{text} it was {mask}."), words)
pipeline(["warm up"] * 2000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.time()
split, rows = select_split(load_task(sys.argv[1]), None)
loaded = time.time() - started
after_load = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = finish(evaluate(pipeline, Rows(rows))).result
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(rows), loaded, time.time() - started, before // 1024, after_load // 1024, after // 1024)
"""


def test_growth_of_memory_over_a_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "million.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for row in range(1_000_000):
            writer.writerow(
                [f"row {row} says that the film was {'good' if row % 3 else 'bad'} and long, with songs", "np"[row % 2]]
            )
    names = "labels = {n = 'negative', p = 'positive'}\n[files]\ntest = 'million.csv'\n"
    (tmp_path / "task.toml").write_text(names)
    run = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    rows, loaded, total, before, after_load, after = map(float, run.stdout.split())
    print(f"\n{rows:,.0f} rows: opened in {loaded:.1f} s, evaluated in {total:.0f} s; {before:.0f} MiB with the model,")
    print(f"{after_load:.0f} after opening, {after:.0f} at the end: +{after - before:.0f} MiB (budget 400 MB)")
    assert after - before < 400
