"""Expanding: more words for a label asked of the engine, source by source, and what each would change."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptlab.errors import ConfigError
from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted
from promptlab.tui.desk import Desk
from promptlab.tui.state.found_list import Found, FoundList
from promptlab.tui.state.word_edits import add_words

SOURCES = ("wordnet", "neighbours", "model", "list")
_CHUNK = 16  # words whose effects are asked for at once
_COUNT = 50
_SEEDS = 12  # words of the label whose senses are asked for
_OVERTAKEN = ("abandoned", "unread")


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where one source is: ``waiting``, ``looking``, ``done`` or ``failed``, with what it says."""

    name: str = "waiting"
    said: str = ""


@dataclass(frozen=True, slots=True)
class Senses:
    """The senses of one of the label's words, or why there are none."""

    word: str
    senses: tuple[Mapping[str, Any], ...] = ()
    problem: str = ""


class Expansion:
    """What is found for one label, and what was asked about it; ``changed`` is called after each change."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self.desk, self._changed = desk, changed
        self.lists: tuple[str, ...] = ()  # files of words to look in
        self.found = FoundList()
        self.begin(None)

    def begin(self, label: str | None) -> None:
        """Look for words of a label: nothing is found yet."""
        self.label = label
        self.found = FoundList(order=self.found.order)
        self.sources = dict.fromkeys(SOURCES, SourceState())
        self.senses: list[Senses] = []
        self.chosen: frozenset[str] = frozenset()  # senses; none: all
        self.likeliest: tuple[tuple[str, float], ...] = ()
        self.problem = ""
        self.n: int | None = None  # rows that the effects are counted over
        self.notes: tuple[str, ...] = ()
        self.is_early = False  # asked before all rows were read
        self.is_touched = False  # whether the cursor was moved or a word ticked: nothing is put elsewhere then
        self.asked: tuple[Any, ...] | None = None

    # -- what holds -----------------------------------------------------------------------------------------------

    @property
    def seeds(self) -> tuple[str, ...]:
        """The label's words that count."""
        words = self.desk.session.words
        if words is None or self.label is None or self.label not in words.labels:
            return ()
        return tuple(str(word) for word in words.active(self.label))

    @property
    def is_looked(self) -> bool:
        """Whether what is found was asked for with these words, senses and lists."""
        return self.asked == self._question()

    def _question(self) -> tuple[Any, ...]:
        return (self.label, self.seeds, self.desk.session.read_rev, self.chosen, self.lists)

    # -- what is changed ------------------------------------------------------------------------------------------

    def change(self, found: FoundList) -> None:
        """Ticks, order, filter."""
        self.found = found
        self._changed()

    def choose_sense(self, name: str) -> None:
        """Begin from a sense, or no longer."""
        self.chosen = self.chosen ^ {name}
        self._changed()

    def name_lists(self, lists: Sequence[str]) -> None:
        """Look in these files too."""
        self.lists = tuple(dict.fromkeys(lists))
        self._changed()

    def accept(self) -> int:
        """Add the ticked words to the label as one edit and say how many.

        Raises ConfigError where none is ticked and where one stands under a label already.
        """
        words, new = self.desk.session.words, self.found.ticked()
        if words is None or self.label is None or not new:
            raise ConfigError("No word is ticked. Tick words with space first.")
        changed = add_words(words, self.label, [one.as_word() for one in new])
        self.desk.edit_words(changed, f"add {counted(len(new), 'word')} to {self.label}")
        self.found = replace(self.found, ticks=())
        return len(new)

    def forget_effects(self) -> None:
        """Other words or rows: effects are not known any more."""
        self.found, self.n = self.found.without_effects(), None
        self._changed()

    # -- what is asked --------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Ask for the senses of the label's words, then every source; what each has stands there at once."""
        if self.label is None or self.desk.session.words is None:
            return
        self.asked, self.problem = self._question(), ""
        self.is_early = not self.desk.live.is_complete(self.desk.session)
        self.is_touched = bool(self.found.ticks)
        if not self.seeds:
            self.problem = "This label has no word to begin from. Press 1, then i, and type one."
            self._changed()
            return
        wanted = [source for source in SOURCES if source != "list" or self.lists]
        self.sources = {source: SourceState("looking" if source in wanted else "waiting") for source in SOURCES}
        self._changed()
        question = self.asked
        await self._ask_senses()
        try:
            answer = await self.desk.ask(
                "expand",
                on_event=lambda event, read_rev, score_rev: self._on_event(event, question),
                label=self.label,
                sources=wanted,
                senses=sorted(self.chosen),
                count=_COUNT,
                lists=list(self.lists),
                **self.desk.scoring(),
            )
        except (EngineError, EngineGone) as error:
            if question == self.asked:
                self.problem = str(error)
                self._end(wanted)
            return
        if question == self.asked:
            self._answered(answer, wanted)

    async def _ask_senses(self) -> None:
        """Ask WordNet for the senses of the label's words."""
        label = self.label
        try:
            found = await asyncio.gather(*(self._senses_of(word) for word in self.seeds[:_SEEDS]))
        except EngineGone:
            return
        if label == self.label:
            self.senses = list(found)
            self._changed()

    async def _senses_of(self, word: str) -> Senses:
        try:
            answer = await self.desk.ask("senses", word=word)
        except EngineError as error:
            return Senses(word, problem=error.what)
        return Senses(word, tuple(answer["senses"]))

    async def ask_effects(self, shown: Callable[[], Sequence[str]]) -> None:
        """Ask what each word would change, chunk by chunk, those ``shown`` on the screen before the others."""
        while self.label is not None and self.desk.session.words is not None:
            keys = self.found.unknown(shown())[:_CHUNK]
            if not keys:
                return
            label, revisions = self.label, self._revisions()
            texts = [self.found.words[key].text for key in keys]
            try:
                answer = await self.desk.ask("what_if", add={label: texts}, **self.desk.scoring())
            except EngineGone:
                return
            except EngineError as error:
                self.problem = "" if error.kind in _OVERTAKEN else error.what
                self._changed()
                return
            if (label, revisions) != (self.label, self._revisions()) or not answer["n"]:
                return  # newer words or rows, or none yet: they are asked for again then
            effects = answer["effects"].get(label, {})
            self.n, self.notes = int(answer["n"]), tuple(answer.get("notes", ()))
            self.found = self.found.with_effects({text: effects.get(text, _NOTHING) for text in texts})
            if not self.is_touched:
                self.found = self.found.sort()
            self._changed()

    def _revisions(self) -> tuple[int, int]:
        return self.desk.session.read_rev, self.desk.session.score_rev

    def _on_event(self, event: Mapping[str, Any], question: object) -> None:
        if question != self.asked:
            return
        source = event.get("source")
        if event["kind"] == "found":
            found = [Found.of(one) for one in event["words"]]
            self._set(source, "done", self.sources[str(source)].said)
            self.found = self.found.with_found(found, keep_order=self.is_touched)
        elif event["kind"] == "note" and source in self.sources:
            self._set(source, self.sources[source].name, event["text"])
        elif event["kind"] == "phase" and source in self.sources:
            self._set(source, "looking", f"{event['text']} …")
        else:
            return
        self._changed()

    def _answered(self, answer: Mapping[str, Any], wanted: Sequence[str]) -> None:
        found, dropped = ([Found.of(one) for one in answer[name]] for name in ("found", "dropped"))
        self.found = self.found.with_result(found, dropped, keep_order=self.is_touched)
        figures = self.desk.live.figures
        if self.is_early or figures is None:
            self.found = self.found.without_effects()  # over some of the rows: nobody knows over how many
        elif any(one.is_known for one in self.found.words.values()):
            self.n = int(figures["n"])
        self.likeliest = tuple((one["word"], one["logprob"]) for one in answer["likeliest"])
        self._end(wanted)

    def _end(self, wanted: Sequence[str]) -> None:
        """Nothing is being looked for: a source that has nothing by now has failed."""
        for source in wanted:
            state = self.sources[source]
            if state.name == "looking":
                self._set(source, "failed", state.said if not state.said.endswith("…") else "")
        self._changed()

    def _set(self, source: Any, name: str, said: str) -> None:
        if name == "done" and said.endswith("…"):
            said = ""
        self.sources = {**self.sources, source: SourceState(name, said)}


_NOTHING: Mapping[str, Any] = {"effect": None, "pieces": [], "prior": None, "problem": "nothing is known of it"}
