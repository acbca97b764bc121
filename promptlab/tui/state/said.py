"""Said: every sentence that the application said, with its time, for the log screen."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

MOST = 500


@dataclass(frozen=True, slots=True)
class Sentence:
    """What was said, when (local time, ``14:02:31``), and how grave it is."""

    text: str
    at: str
    severity: str = "information"

    def line(self) -> str:
        """The sentence as a line of the log; what is grave has a word, not only a colour."""
        grave = {"warning": "warning: ", "error": "error: "}.get(self.severity, "")
        return f"{self.at}  {grave}{self.text}"


class Said:
    """The last sentences, oldest first."""

    def __init__(self) -> None:
        self._sentences: deque[Sentence] = deque(maxlen=MOST)

    def add(self, text: str, severity: str = "information") -> None:
        """Keep a sentence."""
        self._sentences.append(Sentence(text, f"{datetime.now():%H:%M:%S}", severity))

    def lines(self) -> list[str]:
        """All of them as lines."""
        return [sentence.line() for sentence in self._sentences]
