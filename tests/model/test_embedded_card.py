"""The embedded model's papers: where it comes from is said in the package, and its files are the ones described."""

import hashlib
from pathlib import Path

import pytest

from promptlab.model.source import find

ROOT = Path(__file__).parents[2]
ORIGINAL = ROOT.parent / "shared" / "models" / "masked"


def test_card_and_notice_name_the_model_it_starts_from_and_its_licence() -> None:
    card = (find("embedded").folder / "README.md").read_text(encoding="utf-8")
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "all-MiniLM-L6-v2" in card and "Apache-2.0" in card
    assert "all-MiniLM-L6-v2 (Apache License 2.0)" in " ".join(notice.split())


def test_the_card_says_that_no_label_was_used_rather_than_zero_shot() -> None:
    card = (find("embedded").folder / "README.md").read_text(encoding="utf-8")
    assert "Not trained on any label" in card and '"no labels used", not zero-shot' in card


@pytest.mark.skipif(not ORIGINAL.is_dir(), reason="the model's original is not beside the checkout")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_its_files_are_the_originals(name: str) -> None:
    digests = {hashlib.sha256((folder / name).read_bytes()).digest() for folder in (find("embedded").folder, ORIGINAL)}
    assert len(digests) == 1
