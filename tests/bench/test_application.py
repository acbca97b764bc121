"""How the application feels, in a pseudo-terminal, from the byte of a key to the bytes that follow from it."""

import csv
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))
from terminal import Terminal

from promptlab.tui.state.drafts import write_draft
from promptlab.tui.state.session import ModelChoice, Session, TaskChoice
from promptlab.verbalizer import LabelWords, Word

pytestmark = pytest.mark.bench
PROMPTLAB = [sys.executable, "-m", "promptlab"]
# Models that are unpacked already lie there; without it the first measurement unpacks them.
CACHE = os.environ.get("PROMPTLAB_CACHE", "")
SIZE = (160, 48)
WORDS = {"negative": ("terrible", "bad"), "positive": ("great", "good")}
TOPICS = {"Business": ("business", "market"), "Sci/Tech": ("technology",), "Sports": ("sports",), "World": ("world",)}
TYPED = ("awful", "dull", "boring", "weak", "poor", "silly", "sad", "ugly", "slow", "cheap", "flat", "stupid")
TYPED += ("empty", "cold", "hard", "dark", "wrong", "long", "messy", "lazy", "stale", "tired", "bland", "lame")
NEWS = ("money", "stocks", "trade", "oil", "economy", "company", "bank", "prices", "profit", "jobs", "deal", "sales")
NEWS += ("retail", "finance", "industry", "growth", "dollar", "shares", "merger", "tax", "cost", "investors", "debt")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(CACHE) if CACHE else tmp_path_factory.mktemp("cache")


@contextmanager
def promptlab(folder: Path, cache: Path, *command: str) -> Iterator[Terminal]:
    env = {"PROMPTLAB_CACHE": str(cache), "PROMPTLAB_CONFIG": str(folder / "config.toml")}
    with Terminal(command or PROMPTLAB, size=SIZE, folder=folder, env=env) as terminal:
        yield terminal


def drafted(
    folder: Path, reference: str, words: dict[str, tuple[str, ...]], template: str, model: str = "embedded"
) -> None:
    """A draft that the application takes up at once when it starts."""
    table = LabelWords({label: tuple(map(Word, row)) for label, row in words.items()})
    session = Session(task=TaskChoice(reference), template=template, words=table, model=ModelChoice(model))
    write_draft(folder / ".promptlab", session, is_saved=False)


def accuracy(text: str) -> str:
    found = re.search(r"accuracy (\d\.\d{3})", text)
    return found[1] if found else ""


def is_current(text: str) -> bool:
    return "● done" in text and "stale" not in text and accuracy(text) != ""


def told(what: str, seconds: Sequence[float], budget: float, *, p95: bool = False) -> float:
    """Print a figure with its budget and return it."""
    n, median = len(seconds), statistics.median(seconds)
    late = sorted(seconds)[min(n - 1, round(0.95 * n))]
    print(f"\n{what}: median {1000 * median:.0f} ms, p95 {1000 * late:.0f} ms (n={n}; budget {1000 * budget:.0f} ms)")
    return late if p95 else median


def memory(pid: int) -> str:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 2**20:.0f} MB"


def test_first_paint(tmp_path: Path, cache: Path) -> None:
    seconds = []
    for _ in range(9):
        with promptlab(tmp_path, cache) as terminal:
            terminal.wait("Samples")
            seconds.append(terminal.read_at - terminal.started)
    assert told("first paint of a bare promptlab", seconds, 0.8) < 5


def test_a_label_word_on_sst2_dev(data: Path, tmp_path: Path, cache: Path) -> None:
    (folder := tmp_path / "films").mkdir()
    (folder / "dev.csv").symlink_to(data / "sst2" / "dev.csv")
    edits(tmp_path, cache, "films", WORDS, "{text} It was {mask}.", TYPED, rows="872 rows", down=4, budget=0.08)


def test_a_label_word_on_ten_thousand_rows(data: Path, tmp_path: Path, cache: Path) -> None:
    (folder := tmp_path / "news").mkdir()
    rows = [
        (row["text"], row["label"])
        for name in ("train", "test")
        for row in csv.DictReader((data / "ag_news" / f"{name}.csv").open(newline=""))
    ][:10_000]
    with (folder / "dev.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *rows])
    edits(
        tmp_path, cache, "news", TOPICS, "{text} This is about {mask}.", NEWS, rows="10,000 rows", down=2, budget=0.15
    )


def edits(
    folder: Path,
    cache: Path,
    reference: str,
    words: dict[str, tuple[str, ...]],
    template: str,
    typed: Sequence[str],
    *,
    rows: str,
    down: int,
    budget: float,
) -> None:
    """Switch the word ``down`` lines below off and on, then type new ones; each must change the accuracy."""
    drafted(folder, reference, words, template)
    with promptlab(folder, cache) as terminal:
        terminal.wait(lambda text: is_current(text) and rows in text, 500)
        terminal.press(*["down"] * down)
        seconds = []
        for _ in range(24):
            terminal.settle(0.6)
            before = accuracy(terminal.text)
            seconds.append(terminal.time_to("space", lambda text: is_current(text) and accuracy(text) != before))  # noqa: B023
        switched = told(f"a word switched off or on, {rows}", seconds, budget)
        seconds = []
        terminal.press("i")
        for word in typed:
            terminal.settle(0.6)
            before = accuracy(terminal.text)
            terminal.press(word)
            try:
                taken = terminal.time_to("enter", lambda text: is_current(text) and accuracy(text) != before, 1.0)  # noqa: B023
            except AssertionError:
                continue  # a word that changes nothing
            seconds.append(taken)
        added = told(f"a word typed, {rows}", seconds, budget)
        engine = Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children").read_text().split()
        print(f"memory: application {memory(terminal.process.pid)}, engine {memory(int(engine[0]))}")
        terminal.press("escape", "ctrl+q")
        assert terminal.end() == 0
    assert switched < 10 * budget and added < 10 * budget


@pytest.mark.parametrize("events", [0, 200])
def test_key_to_paint(tmp_path: Path, cache: Path, events: int) -> None:
    program = Path(__file__).parent / "steady_application.py"
    with promptlab(tmp_path, cache, sys.executable, str(program), ".promptlab", str(events)) as terminal:
        terminal.wait("{text}")
        terminal.settle(0.5)
        terminal.press("shift+tab", "home")
        terminal.settle(0.5)
        seconds = []
        for letter in "abcdefghijklmnopqrstuvwxyz" * 2:
            for key, shown in ((letter, letter + "{text}"), ("backspace", " {text}")):
                end = time.perf_counter() + 0.1
                while time.perf_counter() < end:
                    terminal.read(0.005)
                seconds.append(terminal.time_to(key, lambda text: shown in text))  # noqa: B023
        found = told(f"key to paint at {events} events a second", seconds, 0.05, p95=True)
        terminal.press("ctrl+q")
        assert terminal.end() == 0
    assert found < 1


@pytest.mark.parametrize(("model", "n"), [("embedded", 5), pytest.param("gemma-3-270m", 3, marks=pytest.mark.real)])
def test_cold_start_to_the_first_number(data: Path, tmp_path: Path, cache: Path, model: str, n: int) -> None:
    (folder := tmp_path / "films").mkdir()
    (folder / "dev.csv").symlink_to(data / "sst2" / "dev.csv")
    first, complete = [], []
    for turn in range(n):
        # As sst2#review, with a number that makes it a prompt which nobody has read before.
        template = f"Review {time.time_ns() % 100_000 + turn}: {{text}}\nSentiment: {{mask}}"
        drafted(tmp_path, "films", {"negative": ("negative",), "positive": ("positive",)}, template, model)
        with promptlab(tmp_path, cache) as terminal:
            terminal.wait(lambda text: accuracy(text) != "", 300)
            first.append(terminal.read_at - terminal.started)
            if turn == 0:
                terminal.wait(lambda text: is_current(text) and "872 rows" in text, 500)
                complete.append(terminal.read_at - terminal.started)
            terminal.press("ctrl+q")
            terminal.end()
    told(f"{model}: from the start of the process to the first number", first, 10)
    print(f"{model}: all 872 rows read after {complete[0]:.1f} s (n=1)")


def test_quitting(tmp_path: Path, cache: Path) -> None:
    seconds = []
    for _ in range(5):
        with promptlab(tmp_path, cache) as terminal:
            terminal.wait(lambda text: "Samples" in text and "engine ready" in text, 60)
            began = time.perf_counter()
            terminal.press("ctrl+q")
            terminal.end()
            seconds.append(time.perf_counter() - began)
    assert told("quitting", seconds, 3.0) < 10
