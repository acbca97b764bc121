"""The label words as lines: a label, then its words; and which line the cursor belongs on after an edit."""

from dataclasses import dataclass

from promptlab.verbalizer import LabelWords, Word


@dataclass(frozen=True, slots=True)
class WordLine:
    """A label's heading (``word`` None), or its word at a place."""

    label: str
    place: int = -1
    word: Word | None = None


def lines_of(words: LabelWords) -> list[WordLine]:
    """Each label with its words below it."""
    lines = []
    for label in words.labels:
        lines.append(WordLine(label))
        lines += [WordLine(label, place, word) for place, word in enumerate(words.words[label])]
    return lines


def find_line(lines: list[WordLine], at: WordLine | None, before: int) -> int:
    """The line of the same word (or label); where it is gone, the one that took its place under the same label."""
    if at is None or not lines:
        return min(before, max(len(lines) - 1, 0))
    texts = [index for index, line in enumerate(lines) if line.label == at.label and _text(line) == _text(at)]
    if texts:
        return min(texts, key=lambda index: abs(lines[index].place - at.place))
    row = [index for index, line in enumerate(lines) if line.label == at.label]
    if not row:
        return min(before, len(lines) - 1)
    return row[min(at.place + 1, len(row) - 1)]


def _text(line: WordLine) -> str | None:
    return None if line.word is None else str(line.word)
