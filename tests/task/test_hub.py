"""Hub data sets: class names, splits, revisions in the cache, and no network."""

import json
import shutil
import socket
import sys
from pathlib import Path

import pytest

from promptlab.errors import ConfigError, DataError
from promptlab.task import load_task
from promptlab.task.hub import HubName, parse_hub_name

datasets = pytest.importorskip("datasets")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def own_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the library, and no network."""
    from huggingface_hub import constants

    def blocked(*_: object, **__: object) -> None:
        raise OSError("the network is blocked")

    monkeypatch.setattr(socket.socket, "connect", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub-cache")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    return tmp_path / "hub-cache"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder of Parquet files as the hub has them; the labels of test are hidden."""
    features = datasets.Features(
        {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    )
    folder = tmp_path / "toy"
    folder.mkdir()
    for split, labels in (("train", [1, 0, 1]), ("validation", [0, 1]), ("test", [-1, -1])):
        rows = {"sentence": [f"{split} {n}" for n in range(len(labels))], "label": labels}
        table = datasets.Dataset.from_dict(rows, features=features).data.table
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, folder / f"{split}.parquet")
    return folder


@pytest.fixture
def cached(toy: Path, own_hub_cache: Path) -> Path:
    """The data set ``someone/toy`` in the library's cache at one commit, as loading it from the hub leaves it."""
    load_task(f"hub:{toy}")
    (built,) = (own_hub_cache / "toy").glob("default*/0.0.0/*/dataset_info.json")
    place = own_hub_cache / "someone___toy" / "default" / "0.0.0" / COMMIT
    shutil.copytree(built.parent, place)
    info = json.loads((place / "dataset_info.json").read_text())
    (place / "dataset_info.json").write_text(json.dumps({**info, "config_name": "default"}))
    return place


def test_class_numbers_become_names_in_the_features_order(toy: Path) -> None:
    task = load_task(f"hub:{toy}")
    assert task.labels == ("neg", "pos")
    assert [row.label for row in task.train] == ["pos", "neg", "pos"]


def test_validation_is_dev_and_said(toy: Path) -> None:
    task = load_task(f"hub:{toy}")
    assert [row.fields["text"] for row in task.dev] == ["validation 0", "validation 1"]
    assert "validation is the dev split" in task.notes


def test_hidden_labels_leave_their_rows_unlabelled_and_said(toy: Path) -> None:
    task = load_task(f"hub:{toy}")
    assert (len(task.test), [row.id for row in task.unlabelled]) == (0, ["test:1", "test:2"])
    assert "2 rows of test without a label, kept as unlabelled texts" in task.notes


def test_options_rename_class_names(toy: Path) -> None:
    assert load_task(f"hub:{toy}", labels={"pos": "good", "neg": "bad"}).labels == ("good", "bad")


def test_one_content_has_one_fingerprint(toy: Path) -> None:
    assert load_task(f"hub:{toy}").fingerprint == load_task(f"hub:{toy}").fingerprint


def test_offline_comes_from_the_cache_and_says_the_commit(cached: Path) -> None:
    task = load_task("hub:someone/toy", offline=True)
    assert len(task.train) == 3
    assert f"someone/toy at commit {COMMIT}" in task.notes


def test_a_cached_commit_can_be_asked_for(cached: Path) -> None:
    assert len(load_task(f"hub:someone/toy@{COMMIT}", offline=True).train) == 3


@pytest.mark.parametrize("revision", ["f" * 40, "v2"])
def test_another_revision_than_the_cached_one_is_refused(cached: Path, revision: str) -> None:
    with pytest.raises(DataError, match=f"cached at commit {COMMIT}, not at revision '{revision}'"):
        load_task(f"hub:someone/toy@{revision}", offline=True)


def test_what_is_not_cached_is_refused_offline() -> None:
    with pytest.raises(DataError, match="'nobody/nothing' is not in the cache, and --offline forbids"):
        load_task("hub:nobody/nothing", offline=True)


def test_no_network_is_one_plain_error() -> None:
    with pytest.raises(DataError, match="The hub cannot be reached, and the data set 'nobody/nothing' is not in the"):
        load_task("hub:nobody/nothing")


def test_loading_says_nothing_on_the_terminal(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_task(f"hub:{toy}")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_librarys_settings_are_as_before(toy: Path) -> None:
    before = datasets.config.HF_HUB_OFFLINE, datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    load_task(f"hub:{toy}", offline=True)
    after = datasets.config.HF_HUB_OFFLINE, datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    assert after == before


def test_a_data_set_that_is_a_script_is_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    folder = tmp_path / "evil"
    folder.mkdir()
    (folder / "evil.py").write_text(f"open({str(canary)!r}, 'w')")
    with pytest.raises(DataError, match="only be read by running its code, which promptlab never does"):
        load_task(f"hub:{folder}")
    assert not canary.exists()


def test_without_the_extra_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r'pip install "\.\[hub\]"'):
        load_task("hub:imdb")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imdb", [HubName("imdb")]),
        ("imdb@abc", [HubName("imdb", "", "abc")]),
        ("owner/set/config@v1", [HubName("owner/set", "config", "v1")]),
        ("imdb@refs/convert/parquet", [HubName("imdb", "", "refs/convert/parquet")]),
        ("glue/sst2", [HubName("glue/sst2"), HubName("glue", "sst2")]),
    ],
)
def test_a_name_is_taken_apart(text: str, expected: list[HubName]) -> None:
    assert parse_hub_name(text) == expected


@pytest.mark.parametrize("text", ["", "a b", "a/b/c/d", "../x", "a//b", "@v1", "a@", "a@../../b"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is not hub:name"):
        parse_hub_name(text)


def test_a_folder_that_hides_a_data_set_is_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imdb").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="The folder 'imdb' here hides"):
        parse_hub_name("imdb")
