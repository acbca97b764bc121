"""Bundle pane: one bundle's contents, where its figures come from, and the exact commands that use it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import listed, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import plain
from promptlab.tui.state.bundle_contents import Prompt, commands, prompt_of, read_manifest_text
from promptlab.tui.work import work

_EMPTY = "What is in a bundle stands here."
_TEXT = 2000  # characters of a value


class BundlePane(Pane):
    """Shows the bundle that is marked in the list."""

    place = "bundle"
    title = "Contents"
    inner = "#bundle"
    HELP = """# Contents

The bundle's template, label words and calibration; the rows, figures and versions that it was saved with; and how it is
used from the command line and from Python. `y` copies the lines of Python.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("bundle.copy", "y", "copy", "Copy Python", "Copy the lines of Python that use the bundle.", True)
    )

    def __init__(self) -> None:
        super().__init__()
        self.bundle: Mapping[str, Any] | None = None
        self.manifest: Mapping[str, Any] = {}

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="bundle"):
            yield Static(_EMPTY, markup=False)

    def show(self, bundle: Mapping[str, Any] | None) -> None:
        """Show a bundle of the list."""
        self.bundle, self.manifest = bundle, {}
        if bundle is None:
            self._update(plain(_EMPTY))
        elif bundle["problem"]:
            self._update(Content.assemble("✗ ", plain(str(bundle["problem"]), newlines=True)))
        else:
            work(self, "show", self._show, bundle)

    def prompt(self) -> Prompt:
        """The bundle's template and words; ConfigError where the editors cannot take them."""
        return prompt_of(self.manifest)

    async def _show(self, bundle: Mapping[str, Any]) -> None:
        try:
            answer = await self.desk.ask("bundle", op="show", folder=bundle["folder"])
        except (EngineError, EngineGone) as error:
            return self._update(plain(str(error), newlines=True))
        self.manifest = read_manifest_text(answer["manifest"])
        self._update(contents(bundle, self.manifest))

    def _update(self, content: Content) -> None:
        self.query_one("#bundle Static", Static).update(content)

    def action_copy(self) -> None:
        """Copy the lines of Python."""
        if self.bundle is not None:
            self.app.copy_to_clipboard(commands(str(self.bundle["folder"]))[2])
            self.desk.say("The lines of Python were copied.")


def contents(bundle: Mapping[str, Any], manifest: Mapping[str, Any]) -> Content:
    """A bundle as text: how it is used, what it is made of, where its figures come from."""
    one, file, python = commands(str(bundle["folder"]))
    parts = [_section("Use it", f"{one}\n{file}\n\n{python}")]
    members = manifest.get("member") or [manifest]
    for number, member in enumerate(members, start=1):
        name = "" if len(members) == 1 else f" of member {number} (weight {member.get('weight', 1):g})"
        parts.append(_section(f"Template{name}", _value(member.get("template", {}).get("text", bundle["template"]))))
        parts.append(_section(f"Words{name}", _words(member.get("verbalizer", {}))))
    parts += [
        _section(title.capitalize(), _lines(manifest[title]))
        for title in ("metrics", "data", "model", "versions", "method")
        if manifest.get(title)
    ]
    return Content("\n\n").join(parts)


def _words(verbalizer: Mapping[str, Any]) -> str:
    kind = verbalizer.get("kind", "words")
    if kind != "words":
        return f"none: learnt from examples ({kind}) for {listed(map(str, verbalizer.get('labels', [])))}"
    lines = []
    for label, row in verbalizer.get("words", {}).items():
        shown = listed((str(word["text"] if isinstance(word, Mapping) else word) for word in row), most=12)
        lines.append(f"{label}: {shown}")
    calibration = verbalizer.get("calibration", {})
    lines.append(f"calibration: {calibration.get('kind', 'none')}")
    return "\n".join(lines)


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {_value(value)}" for key, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return listed((_value(one) for one in value), most=12)
    if isinstance(value, Mapping):
        return listed((f"{key} {_value(one)}" for key, one in value.items()), most=12)
    return str(value)[:_TEXT]


def _section(title: str, body: str) -> Content:
    return Content.assemble((shorten(title, 60), "bold"), "\n", plain(body, newlines=True))
