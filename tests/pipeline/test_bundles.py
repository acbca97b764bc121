"""Bundles: what is saved comes back, and what was tampered with is refused."""

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import promptlab
from promptlab.errors import BundleError, PromptlabError
from promptlab.model import LanguageModel, Readout
from promptlab.pipeline import Ensemble, Pipeline, load, save
from promptlab.pipeline.manifest import read_manifest
from promptlab.scoring import (
    MixedVerbalizer,
    Verbalizer,
    WordVerbalizer,
    fit_linear,
    fit_means,
    fit_protoverb,
    fit_soft,
    soft_at_random,
)
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import Calibration, LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"), Word("bad", weight=2.0)), "positive": (Word("great"),)})
TEXTS = ["a great film", "an awful mess", "i liked it a lot", "dull and long"]
METRICS = {"metrics": {"accuracy": 0.8, "interval": [0.7, 0.9], "n": 50}, "data": {"task": "mine", "split": "dev"}}


def made(lm: LanguageModel) -> Pipeline:
    calibration = Calibration("batch", label_prior=(-0.2, -1.7), support="50 texts")
    words = replace(WORDS, calibration=calibration)
    shown = (Example({"text": "what a bore"}, "negative", "1"),)
    return Pipeline.of(lm, Template.parse("{demos}{text} it was {mask}.", truncate="head"), words, demonstrations=shown)


def test_a_saved_pipeline_comes_back_the_same(embedded: LanguageModel, tmp_path: Path) -> None:
    before = made(embedded)
    after = promptlab.load(save(before, tmp_path / "mine", about=METRICS))
    assert isinstance(after, Pipeline)
    assert after.template == before.template and after.verbalizer == before.verbalizer
    assert after.template.truncate == "head"
    assert after(TEXTS) == before(TEXTS)
    assert after.about["metrics"]["n"] == 50


def test_a_bundle_holds_its_manifest_and_a_card(embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(made(embedded), tmp_path / "mine", about=METRICS)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "bundle.toml"]
    assert "0.800 (0.700 to 0.900, 50 rows) on mine dev" in (folder / "README.md").read_text()


def test_soft_vectors_come_back_with_their_checksum(embedded: LanguageModel, tmp_path: Path) -> None:
    template = Template.parse("{soft:3} {text} it was {mask}.")
    soft = torch.randn(3, 384, generator=torch.Generator().manual_seed(1))
    before = replace(Pipeline.of(embedded, template, WORDS), soft=soft)
    folder = save(before, tmp_path / "soft")
    after = load(folder, embedded)
    assert isinstance(after, Pipeline) and after.soft is not None
    assert torch.equal(after.soft, soft)
    assert after(TEXTS, top_k=None) == before(TEXTS, top_k=None)
    content = bytearray((folder / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "weights.safetensors").write_bytes(content)
    with pytest.raises(BundleError, match="damaged"):
        load(folder, embedded)


def test_an_ensemble_comes_back_with_members_and_weights(embedded: LanguageModel, tmp_path: Path) -> None:
    one = Pipeline.of(embedded, Template.parse("{text} it was {mask}."), WORDS)
    other = Pipeline.of(embedded, Template.parse("just {mask}! {text}"), WORDS)
    before = Ensemble((one, other), (0.25, 0.75))
    after = load(save(before, tmp_path / "both"), embedded)
    assert isinstance(after, Ensemble) and after.weights == (0.25, 0.75)
    assert after(TEXTS, top_k=None) == before(TEXTS, top_k=None)


def test_an_ensemble_of_every_kind_of_verbalizer_comes_back(embedded: LanguageModel, tmp_path: Path) -> None:
    template = Template.parse("{text} it was {mask}.")
    shots = [Example({"text": text}, None, str(place)) for place, text in enumerate((*TEXTS, "bad", "good"))]
    readout = Readout.join(embedded.read(template, shots, depths=(3, 5)))
    targets, labels = torch.tensor([1, 0, 1, 0, 0, 1]), WORDS.labels
    linear, means = (
        fit_linear(readout, targets, labels, depth=3),
        fit_means(readout, targets, labels, depth=5),
    )
    soft = fit_soft(soft_at_random(readout, labels), readout, targets)
    verbalizers: list[Verbalizer] = [
        linear,
        means,
        fit_protoverb(readout, targets, labels),
        soft,
        MixedVerbalizer((WordVerbalizer(WORDS), means), (1.0, 2.0)),
    ]
    members = tuple(Pipeline.of(embedded, template, one) for one in (WORDS, *verbalizers))
    before = Ensemble(members, (1.0, 2.0, 1.0, 0.5, 1.0, 3.0))
    after = load(save(before, tmp_path / "all"), embedded)
    assert isinstance(after, Ensemble)
    assert [one.verbalizer.kind for one in after.members] == [one.verbalizer.kind for one in members]
    assert [one.verbalizer.depths for one in after.members] == [one.verbalizer.depths for one in members]
    assert after(TEXTS, top_k=None) == before(TEXTS, top_k=None)


def learnt(lm: LanguageModel) -> Pipeline:
    template = Template.parse("{text} it was {mask}.")
    readout = Readout.join(lm.read(template, [Example({"text": text}) for text in TEXTS], depths=(3,)))
    linear = fit_linear(readout, torch.tensor([1, 0, 1, 0]), ("negative", "positive"), depth=3)
    return Pipeline.of(lm, template, linear)


def test_an_ensemble_of_one_member_that_learnt_comes_back(embedded: LanguageModel, tmp_path: Path) -> None:
    examples, one = [Example({"text": text}) for text in TEXTS], learnt(embedded)
    again = load(save(Ensemble((one,), (1.0,)), tmp_path / "bundle"), embedded)
    assert torch.equal(again.logprobs(examples), one.logprobs(examples))


def test_weights_that_belong_to_nothing_are_refused(embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(learnt(embedded), tmp_path / "bundle")
    arrays = {**load_file(folder / "weights.safetensors"), "verbalizer.\x1bmore": torch.zeros(3)}
    save_file(arrays, folder / "weights.safetensors")
    digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    text = (folder / "bundle.toml").read_text()
    (folder / "bundle.toml").write_text(re.sub(r'sha256 = ".*"', f'sha256 = "{digest}"', text))
    with pytest.raises(BundleError, match=r"has the array 'verbalizer\..more', which belongs to nothing"):
        load(folder, embedded)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("accuracy = 0.8", 'accuracy = "high"', "accuracy must be a float"),
        ("interval = [0.7, 0.9]", "interval = [0.7]", "interval must be two numbers"),
        ('positive = ["great"]', "positive = [{}]", "word 1"),
        ("version = 1", f"version = 1\nseeds = {'[' * 900}{']' * 900}", "too deep to be read"),
    ],
)
def test_a_manifest_that_cannot_be_shown_is_refused(
    old: str, new: str, told: str, embedded: LanguageModel, tmp_path: Path
) -> None:
    folder = save(made(embedded), tmp_path / "bundle", about=METRICS)
    edited(folder, old, new)
    with pytest.raises(BundleError, match=told):
        read_manifest(folder)


def test_an_existing_folder_is_never_overwritten(embedded: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(BundleError, match="exists already"):
        save(made(embedded), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_saving_where_nothing_can_be_written_leaves_nothing(embedded: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        save(made(embedded), tmp_path / "file" / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_model_is_refused_unless_it_is_asked_for(embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(made(embedded), tmp_path / "mine")
    text = (folder / "bundle.toml").read_text()
    (folder / "bundle.toml").write_text(text.replace(embedded.fingerprint, "0" * 64))
    with pytest.raises(BundleError, match="not the one that this bundle was made with"):
        load(folder)
    assert load(folder, "embedded").labels == ("negative", "positive")


def edited(folder: Path, old: str, new: str) -> None:
    text = (folder / "bundle.toml").read_text()
    assert old in text
    (folder / "bundle.toml").write_text(text.replace(old, new, 1))


HOSTILE = {
    "an unknown key": lambda f: edited(f, "version = 1", 'version = 1\nrun = "rm -rf"'),
    "a newer version": lambda f: edited(f, "version = 1", "version = 99"),
    "no version": lambda f: edited(f, "version = 1", ""),
    "a wrong type": lambda f: edited(f, "max_length = 256", 'max_length = "long"'),
    "a true where a number goes": lambda f: edited(f, "max_length = 256", "max_length = true"),
    "not TOML": lambda f: edited(f, "version = 1", "version = = 1"),
    "not UTF-8": lambda f: (f / "bundle.toml").write_bytes(b"version = '\xff'"),
    "an empty manifest": lambda f: (f / "bundle.toml").write_text(""),
    "no manifest": lambda f: (f / "bundle.toml").unlink(),
    "a stray file": lambda f: (f / "setup.py").write_text("raise SystemExit"),
    "a pickle": lambda f: (f / "weights.pkl").write_bytes(b"\x80\x04."),
    "a folder inside": lambda f: (f / "sub").mkdir(),
    "a link out": lambda f: (f / "weights.safetensors").symlink_to("/etc/hostname"),
    "a linked card": lambda f: ((f / "README.md").unlink(), (f / "README.md").symlink_to("/etc/passwd")),
    "a pipe": lambda f: os.mkfifo(f / "weights.safetensors"),
    "weights that are not named": lambda f: (f / "weights.safetensors").write_bytes(b"x"),
    "named weights that are not there": lambda f: edited(
        f, "version = 1", 'version = 1\nweights = {sha256 = "00", bytes = 1}'
    ),
    "a template that does not parse": lambda f: edited(f, "{text} it was {mask}.", "{text} it was {mask"),
    "a template without a slot": lambda f: edited(f, "{text} it was {mask}.", "{text} it was"),
    "a literal mask": lambda f: edited(f, "{text} it was {mask}.", "{text} it was [MASK]"),
    "an unknown way to truncate": lambda f: edited(f, '"head"', '"middle"'),
    "a label without words": lambda f: edited(f, 'positive = ["great"]', "positive = []"),
    "a prior of the wrong length": lambda f: edited(f, "label_prior = [-0.2, -1.7]", "label_prior = [-0.2]"),
    "a prior that is no number": lambda f: edited(f, "label_prior = [-0.2, -1.7]", "label_prior = [nan, 0.0]"),
    "a huge manifest": lambda f: (f / "bundle.toml").write_text("#" * 17_000_000),
    "a model in a parent folder": lambda f: edited(f, 'name = "embedded"', 'name = "../../model"'),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_bundle_is_refused_in_plain_words(case: str, embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(made(embedded), tmp_path / "bundle")
    HOSTILE[case](folder)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(PromptlabError) as caught:
        load(folder)
    assert len(str(caught.value)) < 700 and "\x1b" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_bundle_that_is_a_file_or_a_link_or_missing_is_refused(embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(made(embedded), tmp_path / "bundle")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "bundle.zip").write_bytes(b"PK")
    for name, reason in (("link", "is a link"), ("bundle.zip", "is a file"), ("nothing", "is not there")):
        with pytest.raises(BundleError, match=reason):
            load(tmp_path / name)


def test_every_byte_of_a_manifest_may_be_flipped_without_a_crash(embedded: LanguageModel, tmp_path: Path) -> None:
    folder = save(made(embedded), tmp_path / "bundle")
    content = (folder / "bundle.toml").read_bytes()
    refused = 0
    for place in range(0, len(content), 23):
        damaged = bytearray(content)
        damaged[place] ^= 0x15
        (folder / "bundle.toml").write_bytes(damaged)
        try:
            assert load(folder, embedded).labels
        except PromptlabError:
            refused += 1
    assert refused > 10
