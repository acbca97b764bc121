"""The story: a newcomer with a keyboard, the real engine and the embedded model, from nothing to a saved classifier."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from terminal import KEYS, Terminal

PROMPTLAB = [sys.executable, "-m", "promptlab"]
# What may take long on a busy machine: the model is loaded, WordNet unpacked.
LONG = 120.0


@pytest.fixture(scope="module")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One user cache for this file's stories: the first one finds it empty."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to work in, with a name that has a space."""
    (made := tmp_path / "my work").mkdir()
    return made


class Hands:
    """Someone at a keyboard: what is pressed is counted, what was seen can be waited for."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.keys = terminal, 0

    def press(self, *keys: str) -> None:
        self.keys += sum(1 if key in KEYS else len(key) for key in keys)
        self.terminal.press(*keys)

    def sees(self, what: str | Callable[[str], object], seconds: float = 30.0) -> str:
        return self.terminal.wait(what, seconds)

    def sees_number(self, *, before: float | None = None) -> float:
        """The accuracy once it is current and complete, and another one than ``before``."""
        return accuracy(self.sees(lambda text: is_current(text) and accuracy(text) != before, LONG))


def accuracy(text: str) -> float:
    found = re.search(r"accuracy (\d\.\d{3})", text)
    return float(found[1]) if found else -1.0


def is_current(text: str) -> bool:
    return "● done" in text and "stale" not in text and accuracy(text) >= 0


@contextmanager
def promptlab(
    *arguments: str, folder: Path, cache: Path, size: tuple[int, int] = (160, 48)
) -> Iterator[tuple[Terminal, Hands]]:
    env = {"PROMPTLAB_CACHE": str(cache), "PROMPTLAB_CONFIG": str(folder / "config.toml")}
    with Terminal([*PROMPTLAB, *arguments], size=size, folder=folder, env=env) as terminal:
        yield terminal, Hands(terminal)


def left_behind(terminal: Terminal) -> str:
    """The line that stands in the terminal after the application has gone."""
    after = terminal.written.decode().rpartition("\x1b[?1049l")[2]
    return re.sub(r"\x1b\[[?<>\d;]*[a-z]", "", after).strip()


def run(line: str, folder: Path, cache: Path) -> str:
    """Type a line into a shell as it was printed; what it says."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PROMPTLAB_CACHE": str(cache)}
    done = subprocess.run(line, shell=True, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ticked(text: str) -> list[tuple[str, str, str]]:
    """The ticked words with their effects and pieces."""
    return re.findall(r"\[x\] (\S+) +([▲▼=] [+-]\d+\.\d) +-\d+\.\d (\S+)", text)


def test_a_newcomer_gets_from_nothing_to_a_classifier_that_works(folder: Path, warm_cache: Path) -> None:
    with promptlab(folder=folder, cache=warm_cache) as (terminal, me):
        me.sees("Samples")
        me.press("enter")
        first = me.sees_number()
        text = me.sees("this is the baseline (pinned)")
        low, high = map(float, re.search(r"\((0\.\d{3}) to (\d\.\d{3})\)", text).groups())  # type: ignore[union-attr]
        assert low < first < high and "60 rows" in text

        # The wording: the old number says that it is old, then another stands there, with the difference in words.
        me.press("shift+tab", "home", "Review: ")
        me.sees("stale (edited)")
        me.sees_number()
        text = me.sees(lambda text: "review :" in text and "points against sst2#it-was" in text)
        assert "Review: {text} It was {mask}." in text and "baseline (pinned)" not in text
        assert "too few examples" in text or "is better" in text or "no difference" in text

        # Label words, typed: the number follows each, and no row is read again.
        before = accuracy(text)
        written = len(terminal.written)
        me.press("escape", "tab", "i", "terrible", "enter")
        me.sees("'terrible' is a word of 'negative' now.")
        with_one = me.sees_number(before=before)
        me.press("positive: superb", "enter")
        me.sees("'superb' is a word of 'positive' now.")
        with_both = me.sees_number(before=with_one)
        assert b"reading" not in terminal.written[written:]
        me.press("escape")

        # More words from WordNet: pieces and effect of each stand beside it, before it is taken.
        me.press("w")
        me.sees(lambda text: len(re.findall(r"\[ \] \S+ +[▲▼=] [+-]\d+\.\d +-\d+\.\d \S+ +wordnet", text)) >= 4, LONG)
        me.press("space", "down", "space", "down", "space", "down", "space")
        text = me.sees(lambda text: "4 ticked" in text and len(ticked(text)) == 4)
        words = [word for word, _, _ in ticked(text)]
        assert all(piece.startswith(word[:1]) for word, _, piece in ticked(text))
        me.press("enter")
        me.sees(lambda text: "4 words added to positive" in text and all(word in text for word in words))
        with_four = me.sees_number()
        me.press("u")
        me.sees(
            lambda text: (
                "Taken back: add 4 words to positive" in text and not any(f"✓  {word} " in text for word in words)
            )
        )
        assert me.sees_number() == with_both
        me.press("U")
        me.sees(lambda text: "Done again" in text and all(f"✓  {word} " in text for word in words))
        assert me.sees_number() == with_four
        assert re.search(r"[▲▼=] [+-]\d+\.\d points against sst2#it-was", terminal.text)

        # A wrong row: its prompt, and what the model would have said.
        me.press("tab", "n")
        text = me.sees(lambda text: "✗ wrong  label" in text)
        assert "likeliest" in text and "your words" in text and "{mask}" in text and "[MASK]" not in text

        me.press("f2")
        me.sees("Save a bundle")
        me.press("enter")
        me.sees("Saved: bundles/reviews")
        me.press("ctrl+q")
        assert terminal.end() == 0
        seconds, line = time.perf_counter() - terminal.started, left_behind(terminal)
    print(f"\nthe story: {me.keys} keys, {seconds:.0f} s")
    assert seconds < 120
    assert line == 'promptlab predict bundles/reviews "text"'
    assert re.search("positive|negative", run(line.replace('"text"', '"a gripping, witty film"'), folder, warm_cache))


def test_the_same_fits_eighty_columns(folder: Path, warm_cache: Path) -> None:
    with promptlab(folder=folder, cache=warm_cache, size=(80, 24)) as (terminal, me):
        me.sees("Samples")
        me.press("enter")
        shown = r"0\.\d{3} \(0\.\d{3} to \d\.\d{3}, 60 rows\)"
        me.sees(lambda text: re.search(shown, text) and "● done" in text, LONG)
        first = re.search(shown, terminal.text)[0]  # type: ignore[index]
        me.press("down", "down", "i", "superb", "enter")
        me.sees(lambda text: "'superb' is a word of 'positive' now." in text)
        me.sees(lambda text: (found := re.search(shown, text)) and found[0] != first and "stale" not in text)
        me.press("escape", "u")
        me.sees(lambda text: first in text and "stale" not in text)
        me.press("tab", "n")
        me.sees(lambda text: "✗ wrong  label" in text and "likeliest" in text)
        me.press("ctrl+q")
        assert terminal.end() == 0
    assert (
        left_behind(terminal)
        == "promptlab eval --task reviews --template 'sst2#it-was' --words 'negative=negative positive=positive'"
    )


QUESTIONS = ("who wrote it", "what is the capital", "who won the race", "what does it mean", "who is she", "what now")


def test_a_table_of_ones_own_is_shown_before_it_is_read(folder: Path, warm_cache: Path) -> None:
    rows = [f"{place},{text} {place}?,{text.split()[0]}-question" for place, text in enumerate(QUESTIONS * 4)]
    (folder / "reviews.csv").write_text("\n".join(["number,question,kind", *rows]) + "\n")
    with promptlab("reviews.csv", folder=folder, cache=warm_cache) as (terminal, me):
        text = me.sees(lambda text: "Is this right?" in text and "Rows: 24" in text)
        assert (
            "who wrote it 0?" in text and "who-question 12" in text and re.search(r"Text column +\S +question ", text)
        )
        me.press("enter")
        me.sees(lambda text: is_current(text) and "24 rows" in text, LONG)
        me.press("ctrl+q")
        assert terminal.end() == 0
    assert shlex.split(left_behind(terminal))[:4] == ["promptlab", "eval", "--task", "reviews.csv"]


def test_labels_that_are_numbers_get_names_which_are_the_first_words(folder: Path, warm_cache: Path) -> None:
    rows = [f'"a {"fine" if place % 2 else "dull"} film, number {place}",{place % 2}' for place in range(20)]
    (folder / "stars.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    with promptlab("stars.csv", folder=folder, cache=warm_cache) as (terminal, me):
        me.sees("These labels are numbers.")
        me.press("dull", "enter", "fine", "enter")
        me.sees(lambda text: is_current(text) and "20 rows" in text, LONG)
        me.sees(lambda text: re.search(r"✓  dull +1 dull", text) and re.search(r"✓  fine +1 fine", text))
        me.press("ctrl+q")
        assert terminal.end() == 0
    assert "--labels 0=dull,1=fine" in left_behind(terminal)
