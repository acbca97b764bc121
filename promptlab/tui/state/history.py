"""Undo and redo of label words: whole tables of words, so that four words ticked at once are one step."""

from dataclasses import dataclass, replace

from promptlab.verbalizer import LabelWords

_MOST = 200


@dataclass(frozen=True)
class WordHistory:
    """Tables of words before and after the one in use, each with what the edit was."""

    before: tuple[tuple[LabelWords, str], ...] = ()
    after: tuple[tuple[LabelWords, str], ...] = ()

    def edited(self, old: LabelWords, what: str) -> "WordHistory":
        """The history after an edit of ``old``; what was undone cannot be done again."""
        return WordHistory((*self.before, (old, what))[-_MOST:], ())

    def undone(self, now: LabelWords) -> tuple["WordHistory", LabelWords, str] | None:
        """The history, the words and what was taken back; None when there is nothing."""
        if not self.before:
            return None
        words, what = self.before[-1]
        return replace(self, before=self.before[:-1], after=(*self.after, (now, what))), words, what

    def redone(self, now: LabelWords) -> tuple["WordHistory", LabelWords, str] | None:
        """The history, the words and what was done again; None when there is nothing."""
        if not self.after:
            return None
        words, what = self.after[-1]
        return replace(self, before=(*self.before, (now, what)), after=self.after[:-1]), words, what
