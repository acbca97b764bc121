"""``bundle``: damaged ones are listed beside whole ones, nothing heavy is needed to look, a trial is a prediction."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_at_hand import AtHand

from promptlab.errors import BundleError, ConfigError, DataError
from promptlab.jobs.engine.bundles import bundle, try_text
from promptlab.jobs.engine.held import NeedsModel
from promptlab.jobs.engine.save import save
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.pipeline import save as save_bundle
from promptlab.template import Template
from promptlab.verbalizer import parse_words

WORDS = "positive=great,good negative=terrible,bad"


@pytest.fixture
def here(engine: AtHand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AtHand:
    """An engine that works in a folder with the bundle ``bundles/films`` of its reading."""
    monkeypatch.chdir(tmp_path)
    engine.read(WORDS, calibration="contextual")
    engine.answer(save, engine.request("save", what="bundle", folder="bundles/films", about="for films"))
    return engine


def asked(engine: AtHand, op: str, **fields: Any) -> Any:
    answer = engine.answer(bundle, engine.request("bundle", op=op, **fields))
    json.dumps(answer, allow_nan=False)
    return answer


def tried(engine: AtHand, text: str, folder: str = "bundles/films") -> Any:
    """Asked on the answering thread first, which hands it to the one that has the model."""
    request = engine.request("bundle", op="try", folder=folder, text=text)
    with pytest.raises(NeedsModel) as need:
        engine.answer(bundle, request)
    assert need.value.then is try_text
    answer = engine.answer(try_text, request)
    json.dumps(answer, allow_nan=False)
    return answer


def pipeline(engine: AtHand, lm: LanguageModel, template: str = "{text} It was {mask}.") -> Pipeline:
    return Pipeline.of(lm, Template.parse(template), parse_words(WORDS, engine.labels))


def test_a_bundle_is_listed_with_what_it_was_saved_with(here: AtHand) -> None:
    (found,) = asked(here, "list", folder="bundles")["bundles"]
    assert found["folder"] == "bundles/films" and found["name"] == "films" and found["problem"] == ""
    assert found["model"] == "embedded" and found["labels"] == list(here.labels) and found["about"] == "for films"
    assert found["template"] == here.template and found["metrics"]["n"] == 60
    assert found["metrics"]["interval"][0] < found["metrics"]["accuracy"]
    assert found["bytes"] == sum(each.stat().st_size for each in Path("bundles/films").iterdir())
    shown = asked(here, "show", folder="bundles/films")
    assert shown["manifest"] == Path("bundles/films/bundle.toml").read_text()
    assert shown["card"].startswith("# films\n\nfor films") and shown["name"] == "films"


def test_damaged_bundles_are_listed_with_what_is_wrong(here: AtHand, embedded: LanguageModel, tmp_path: Path) -> None:
    root = Path("bundles")
    for name in ("broken", "foreign", "gone"):
        save_bundle(pipeline(here, embedded), root / name)
    (root / "broken" / "bundle.toml").write_text("version = [")
    (root / "foreign" / "run.py").write_text("print('no')")
    (root / "gone" / "bundle.toml").unlink()
    (root / "linked").symlink_to(root.resolve() / "films")
    (root / "notes").mkdir()
    (root / "notes" / "todo.txt").write_text("not a bundle")
    (root / ".films.draft").mkdir()
    (root / ".films.draft" / "bundle.toml").write_text("")
    (root / "file").write_text("")
    found = {each["name"]: each for each in asked(here, "list", folder="bundles")["bundles"]}
    assert list(found) == ["broken", "films", "foreign", "gone", "linked"]
    assert found["films"]["problem"] == "" and "run.py" in found["foreign"]["problem"]
    assert "bundle.toml" in found["broken"]["problem"] and found["broken"]["labels"] == []
    assert "has no bundle.toml" in found["gone"]["problem"] and "is a link" in found["linked"]["problem"]
    shown = asked(here, "show", folder="bundles/foreign")
    assert shown["problem"] == found["foreign"]["problem"] and shown["manifest"] == shown["card"] == ""
    with pytest.raises(BundleError, match=r"run\.py"):
        asked(here, "try", folder="bundles/foreign", text="fine")


def test_weights_that_are_missing_or_cut_are_a_problem(here: AtHand, embedded: LanguageModel) -> None:
    soft = pipeline(here, embedded, "{text} {soft:2} {mask}.")
    width = embedded.model.get_input_embeddings().weight.shape[1]
    folder = save_bundle(replace(soft, soft=torch.zeros(2, width)), "bundles/soft")
    assert asked(here, "show", folder=str(folder))["problem"] == ""
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    assert "is damaged" in asked(here, "show", folder=str(folder))["problem"]
    weights.unlink()
    assert "is missing" in asked(here, "show", folder=str(folder))["problem"]


def test_figures_that_are_none_do_not_get_through(here: AtHand) -> None:
    manifest = Path("bundles/films/bundle.toml")
    text = manifest.read_text().replace(
        "[metrics]", "[metrics]\nmcc2 = nan\nmade = 2026-01-01\nuse = inf\nlist = [nan]"
    )
    manifest.write_text(text)
    (found,) = asked(here, "list", folder="bundles")["bundles"]
    assert found["metrics"].keys().isdisjoint({"mcc2", "made", "use", "list"}) and found["metrics"]["n"] == 60


def test_a_folder_without_bundles_is_empty_and_a_file_is_a_sentence(here: AtHand) -> None:
    assert asked(here, "list", folder="nowhere") == {"bundles": []}
    with pytest.raises(BundleError, match="cannot be read"):
        asked(here, "list", folder="bundles/films/bundle.toml")
    assert "is not there" in asked(here, "show", folder="nowhere")["problem"]
    with pytest.raises(ConfigError, match="Unknown thing to do with a bundle 'run'"):
        asked(here, "run", folder="bundles/films")


def test_a_trial_says_what_the_pipeline_says_with_the_model_that_is_there(
    here: AtHand, embedded: LanguageModel
) -> None:
    calls = embedded.calls
    answer = tried(here, "the food was so good")
    assert embedded.calls > calls and here.events == []  # no other model was loaded
    reading = here.held.reading
    assert reading is not None
    classifier = reading.scores(*reading.newest()[:2]).pipeline
    (expected,) = classifier(["the food was so good"], top_k=None)
    assert answer["labels"] == pytest.approx({one["label"]: one["score"] for one in expected})
    assert sum(answer["labels"].values()) == pytest.approx(1) and answer["seconds"] > 0
    assert list(answer["labels"]) == [one["label"] for one in expected]


def test_without_the_bundles_own_model_that_is_loaded_once(
    here: AtHand, small_task: Path, embedded: LanguageModel, shared_cache: ReadoutCache
) -> None:
    with_held = tried(here, "a bore")["labels"]
    other = AtHand(here.held.workspace, small_task, embedded, shared_cache)
    other.held.lm = None
    first = tried(other, "a bore")
    assert {"kind": "phase", "text": "loading the model"} in other.events
    assert first["labels"] == pytest.approx(with_held, abs=1e-4)
    tried(other, "lovely")
    assert other.events == [] and other.held.lm is None


def test_an_ensemble_is_tried_and_one_text_must_do(here: AtHand, embedded: LanguageModel) -> None:
    both = Ensemble((pipeline(here, embedded), pipeline(here, embedded, "{mask}: {text}")), (1.0, 2.0))
    save_bundle(both, "bundles/both")
    answer = tried(here, "superb", "bundles/both")
    assert set(answer["labels"]) == set(here.labels)
    entry = next(each for each in asked(here, "list", folder="bundles")["bundles"] if each["name"] == "both")
    assert entry["template"] == "2 templates" and entry["labels"] == list(here.labels)
    save_bundle(pipeline(here, embedded, "{text} {other} {mask}"), "bundles/pair")
    request = here.request("bundle", op="try", folder="bundles/pair", text="a text")
    with pytest.raises(DataError, match="2 fields"):
        here.answer(try_text, request)


def test_looking_at_bundles_brings_in_no_torch(here: AtHand) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from promptlab.jobs.engine.bundles import bundle\nfrom promptlab.jobs.engine.held import Held\n"
        "from promptlab.jobs.wire import Request\n"
        "for op, folder in (('list', 'bundles'), ('show', 'bundles/films')):\n"
        "    bundle(Held(Path()), Request(1, 'bundle', 0, 0, {'op': op, 'folder': folder}), print)\n"
        "from promptlab.jobs.engine.runs import runs\n"
        "runs(Held(Path()), Request(1, 'runs', 0, 0, {'op': 'list'}), print)\n"
        "print({'torch', 'transformers', 'sklearn', 'scipy', 'nltk'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
