"""A terminal for tests: a program under a pseudo-terminal, its screen, keys typed into it, and times of both."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

_ESCAPE = 0.15  # seconds; applications wait 0.1 for what may follow
KEYS: Mapping[str, str] = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f8": "\x1b[19~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}


class Terminal:
    """Runs a command in a terminal of a size; ``text`` is its screen. Leaving its ``with`` kills what is left."""

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int] = (160, 48), folder: Path, env: Mapping[str, str] = {}
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.read_at = 0.0  # when the newest bytes came, before they were put on the screen
        self.started = time.perf_counter()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TEXTUAL")}
        self.process = subprocess.Popen(
            # Opened by the leader of a session, the terminal is its controlling one, as a person's is.
            ("sh", "-c", 'exec "$@" <"$0" >"$0" 2>"$0"', os.ttyname(slave), *command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
            start_new_session=True,
        )
        os.close(slave)
        self._master = master

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Take the terminal away, as a window that is closed or a line that breaks."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float = 0.05) -> bytes:
        """What the program wrote within some seconds; it is on the screen afterwards."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return b""
        try:
            written = os.read(self._master, 1 << 16)
        except OSError:  # the program is gone
            return b""
        self.read_at = time.perf_counter()
        self.written += written
        self._stream.feed(written)
        return written

    def press(self, *keys: str) -> None:
        """Type keys by name; what is no name is typed as it stands."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())
            self.read(0.02)
            if key == "escape":  # what follows at once would be taken for alt and a key
                self.settle(_ESCAPE, most=2 * _ESCAPE)

    def time_to(self, key: str, holds: Callable[[str], object], seconds: float = 5.0) -> float:
        """Press a key; seconds from its byte until the bytes were there that made something hold of the screen."""
        began = time.perf_counter()
        os.write(self._master, KEYS.get(key, key).encode())
        while not holds(self.text):
            assert time.perf_counter() - began < seconds, f"{key!r} did not make it hold:\n{self.text}"
            self.read(0.01)
        return self.read_at - began

    def wait(self, holds: Callable[[str], object] | str, seconds: float = 20.0) -> str:
        """Read until the screen has a text, or until something holds of it; the screen then."""
        shows = (lambda text: holds in text) if isinstance(holds, str) else holds
        end = time.perf_counter() + seconds
        while not shows(self.text):
            if time.perf_counter() > end or (self.process.poll() is not None and not self.read(0.2)):
                raise AssertionError(f"the screen never showed {holds!r}:\n{self.text}")
            self.read()
        return self.text

    def settle(self, seconds: float = 0.3, *, most: float = 3.0) -> str:
        """Read until nothing is written for some seconds (a cursor that blinks: at most ``most``); the screen then."""
        end = time.perf_counter() + most
        while self.read(seconds) and time.perf_counter() < end:
            pass
        return self.text

    def end(self, seconds: float = 10.0) -> int:
        """Wait until the program ends; its exit code."""
        end = time.perf_counter() + seconds
        while self.process.poll() is None:
            assert time.perf_counter() < end, f"it did not end:\n{self.text}"
            self.read()
        while self.read(0.1):
            pass
        return self.process.returncode
