"""The palette: every action with its key and its sentence, and every template, word list, bundle and theme by name."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from promptlab.errors import ConfigError, PromptlabError
from promptlab.tui.actions import ACTIONS, Action
from promptlab.tui.doing import can_do, do
from promptlab.tui.modes import load_all
from promptlab.tui.shown import plain
from promptlab.tui.state.keymap import shown_key

if TYPE_CHECKING:
    from promptlab.template import Template
    from promptlab.tui.app import PromptlabApp
    from promptlab.verbalizer import LabelWords


@dataclass(frozen=True)
class Entry:
    """One line of the palette: what kind of thing, its name, its key, a sentence, and what choosing it does."""

    kind: str
    name: str
    key: str
    help: str
    choose: Callable[[], Any]

    @property
    def text(self) -> str:
        """What is searched."""
        return f"{self.kind}: {self.name}"

    def shown(self) -> Content:
        """The line as it is shown; names are text, whatever stands in them."""
        key = Content.styled(f"  {self.key}", "bold") if self.key else Content("")
        return plain(self.text) + key


class _Entries(Provider):
    """A part of the palette: its entries, searched by kind and name and by the words of their sentences."""

    @property
    def promptlab(self) -> "PromptlabApp":
        """The application."""
        return cast("PromptlabApp", self.app)

    def entries(self) -> Iterator[Entry]:
        """All entries."""
        raise NotImplementedError

    async def discover(self) -> Hits:
        """What stands there before anything is typed."""
        for entry in self.entries():
            yield DiscoveryHit(entry.shown(), entry.choose, text=entry.text, help=_no_markup(entry.help))

    async def search(self, query: str) -> Hits:
        """What fits the letters typed; a word of the sentence counts less than the name."""
        matcher = self.matcher(query)
        for entry in self.entries():
            score = matcher.match(entry.text) or (0.2 if query.casefold() in entry.help.casefold() else 0)
            if score > 0:
                yield Hit(score, entry.shown(), entry.choose, text=entry.text, help=_no_markup(entry.help))


class Actions(_Entries):
    """Every action that can be run from here."""

    def entries(self) -> Iterator[Entry]:
        """The registry's actions, those of the application first, and Start afresh and the like without a key."""
        load_all()
        app = self.promptlab
        for action in sorted(ACTIONS, key=lambda action: action.place != "app"):
            if action.id != "app.palette" and can_do(app, action, self.screen):
                yield self._entry(app, action)

    def _entry(self, app: "PromptlabApp", action: Action) -> Entry:
        key = shown_key(app.preferences.key_of(action))
        place = "promptlab" if action.place == "app" else action.place
        return Entry(place, action.name, key, action.help, partial(do, app, action))


class Objects(_Entries):
    """Templates and words that fit the open table, bundles of the working folder, and themes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._templates: tuple[Template, ...] = ()
        self._words: tuple[LabelWords, ...] = ()
        self._bundles: list[Path] = []

    async def startup(self) -> None:
        """Read the library, in a thread."""
        await asyncio.to_thread(self._read)

    def _read(self) -> None:
        from promptlab.template import resolve_templates
        from promptlab.verbalizer import resolve_words

        desk = self.promptlab.desk
        self._bundles = sorted(path.parent for path in Path("bundles").glob("*/bundle.toml"))[:200]
        own = [path.stem for kind in ("templates", "verbalizers") for path in Path(kind).glob("*.toml")]
        kind = desk.task["kind"] if desk.task else None
        for task in dict.fromkeys([*([str(kind)] if kind else []), *own]):
            with suppress(PromptlabError):  # the library's tree says what is wrong with a file
                self._templates += resolve_templates(task)
            with suppress(PromptlabError):
                self._words += resolve_words(task, desk.labels, shared=True) if desk.labels else ()

    def entries(self) -> Iterator[Entry]:
        """Templates, words, bundles, themes."""
        app = self.promptlab
        fields = set(app.desk.fields)
        for template in self._templates:
            if app.desk.task and set(template.fields()) <= fields:
                yield Entry(
                    "template", template.name, "", "Put it into the editor.", partial(_use_template, app, template)
                )
        for words in self._words:
            yield Entry("words", words.name, "", "Use these label words.", partial(_use_words, app, words))
        for folder in self._bundles:
            yield Entry("bundle", folder.name, "", "Look at this bundle.", partial(_show_bundle, app, str(folder)))
        for theme in sorted(app.available_themes):
            yield Entry("theme", theme, "", "Use these colours from now on.", partial(_use_theme, app, theme))


async def _use_template(app: "PromptlabApp", template: "Template") -> None:
    app.desk.edit_template(str(template), name=template.name, truncate=template.truncate)
    await app.switch_mode("workbench")


async def _use_words(app: "PromptlabApp", words: "LabelWords") -> None:
    try:
        app.desk.edit_words(words, f"load {words.name}")
    except ConfigError as error:
        app.desk.say(str(error), "error")
    else:
        app.desk.name_words(words.name)
        await app.switch_mode("workbench")


async def _show_bundle(app: "PromptlabApp", folder: str) -> None:
    await app.switch_mode("bundles")
    show = getattr(app.screen, "show", None)
    if show is not None:
        show(folder)


def _use_theme(app: "PromptlabApp", theme: str) -> None:
    try:
        app.preferences.change(app, "theme", theme)
    except ConfigError as error:
        app.desk.say(str(error), "warning")


def _no_markup(sentence: str) -> str:
    """A sentence for Textual's palette, which reads brackets in it as markup."""
    return sentence.replace("[", "(").replace("]", ")")
