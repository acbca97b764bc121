"""Pick a model: those on this machine, a folder, or a name of the hub, each with what it takes before it is used."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import shorten, size
from promptlab.tui.opening import engine_problem
from promptlab.tui.path_input import PathInput
from promptlab.tui.shown import plain
from promptlab.tui.state.session import ModelChoice
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

_KINDS = {"embedded": "comes with promptlab", "package": "package", "converted": "converted", "hub": "from the hub"}
_TYPED = "o: a folder, a .gguf file, or a name of the hub such as distilbert/distilroberta-base"


class PickModel(ModalScreen[None]):
    """Lists models; what the one under the cursor takes stands below. Nothing is downloaded before a question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("o", "path", "Folder or name", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.choices: dict[str, ModelChoice] = {}
        self.problems: dict[str, str] = {}
        self.asked: ModelChoice | None = None  # what the question that stands there is about

    def compose(self) -> ComposeResult:
        """The machine, the list, a field, what the chosen one takes, and the question."""
        with Vertical(classes="dialog", id="pick-model") as dialog:
            dialog.border_title = plain("Choose the model that reads")
            dialog.border_subtitle = plain("enter uses it · o folder or name · esc back")
            yield Static("", id="machine", markup=False)
            yield OptionList(id="models", markup=False)
            yield PathInput("name", accepts=_is_gguf, placeholder=_TYPED)
            yield Static("", id="takes", markup=False)
            yield Static("", id="question", markup=False)

    def on_mount(self) -> None:
        """Ask what is here."""
        self.query_one("#models").focus()
        work(self, "list", self._list)

    @property
    def _app(self) -> "PromptlabApp":
        return cast("PromptlabApp", self.app)

    # -- the list -------------------------------------------------------------------------------------------------

    async def _list(self) -> None:
        self._say("#machine", "Looking for models on this machine …")
        if (problem := await engine_problem(self._app.desk)) is not None:
            return self._say("#machine", problem)
        try:
            answer = await self._app.engine.ask("describe")
        except (EngineError, EngineGone) as error:
            return self._say("#machine", str(error))
        now = self._app.desk.session.model
        self._say("#machine", f"{answer['machine']['sentence']}\n{_settings(now)}")
        models = self.query_one("#models", OptionList)
        worked = self._app.worked
        if worked is not None and worked != now and self._app.desk.live.phase in ("failed", "stopped"):
            self._add(models, worked, Content.assemble("↩ back to ", plain(shorten(worked.name, 60)), ", which worked"))
        for model in answer["models"]:
            choice = replace(now, name=model["name"], revision=model["revision"] if model["kind"] == "hub" else "")
            self._add(models, choice, _line(model, is_used=model["name"] == now.name), problem=model["problem"])
        models.highlighted = next((place for place, name in enumerate(self.choices) if name == now.name), 0)

    def _add(self, models: OptionList, choice: ModelChoice, line: Content, *, problem: str = "") -> None:
        name = choice.name if choice.name not in self.choices else f"{choice.name}#{len(self.choices)}"
        self.choices[name], self.problems[name] = choice, problem
        models.add_option(Option(line, id=name))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the model under the cursor takes."""
        self.asked = None
        self._say("#question", "")
        name = str(event.option_id)
        if self.problems[name]:
            self._say("#takes", self.problems[name])
        else:
            work(self, "takes", self._describe, self.choices[name])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Use it, after a question where one is due."""
        name = str(event.option_id)
        if self.problems[name]:
            self._say("#question", "It cannot be used yet; the line above says what to do.")
        else:
            self._chosen(self.choices[name])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use what was typed, after a question where one is due."""
        if name := event.value.strip().rstrip("/"):
            self._chosen(replace(self._app.desk.session.model, name=name, revision=""))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another name: the question was about the old one."""
        self.asked = None
        self._say("#question", "")

    # -- one model ------------------------------------------------------------------------------------------------

    async def _describe(self, choice: ModelChoice) -> Mapping[str, Any] | None:
        """What the model takes, shown; None when it cannot be used, and then why is shown."""
        self._say("#takes", "…")
        try:
            takes = await self._app.engine.ask("describe", model=choice.table())
        except (EngineError, EngineGone) as error:
            self._say("#takes", str(error))
            return None
        sentence = takes["problem"] or takes["sentence"]
        self._say("#takes", sentence if takes["fits"] or takes["problem"] else f"It may not fit. {sentence}")
        return None if takes["problem"] else takes

    def _chosen(self, choice: ModelChoice) -> None:
        if self.asked == choice:
            self._use(choice)
        else:
            work(self, "takes", self._ask, choice)

    async def _ask(self, choice: ModelChoice) -> None:
        """Ask before something is downloaded or may not fit; else use the model."""
        takes = await self._describe(choice)
        if takes is None:
            return
        name = shorten(choice.name, 60)
        if not takes["here"]:
            much = size(takes["bytes"]) if takes["bytes"] else "an unknown size"
            question = f"Download {name} ({much})? enter downloads it · esc does not"
        elif not takes["fits"]:
            question = f"Use {name} although it may not fit into the memory? enter uses it · esc does not"
        else:
            return self._use(choice)
        self.asked = choice
        self._say("#question", question)

    def _use(self, choice: ModelChoice) -> None:
        self._app.desk.use_model(choice)
        self.dismiss()

    def _say(self, place: str, sentence: str) -> None:
        self.query_one(place, Static).update(plain(sentence, newlines=True))

    def action_path(self) -> None:
        """Go to the field."""
        self.query_one("#name").focus()

    def action_back(self) -> None:
        """From a question to the list, from the field to the list, from the list to where one was."""
        models = self.query_one("#models")
        if self.asked is not None:
            self.asked = None
            self._say("#question", "")
        elif self.query_one("#name").has_focus:
            models.focus()
        else:
            self.dismiss()


def _is_gguf(path: Path) -> bool:
    return path.suffix.lower() == ".gguf"


def _settings(model: ModelChoice) -> str:
    threads = f"{model.threads} threads" if model.threads else "threads as the machine has them"
    return f"Device {model.device}, precision {model.dtype or 'auto'}, {threads} (change them in Settings, key 7)"


def _line(model: Mapping[str, Any], *, is_used: bool) -> Content:
    """A model in one line: a mark, its name, what it is, and how large."""
    kind = _KINDS.get(model["kind"], model["kind"])
    facts = [kind, model["family"], model["type"], size(model["bytes"]) if model["bytes"] else "", model["remark"]]
    mark = "✗ " if model["problem"] else "● " if is_used else "○ "
    about = model["problem"] or ", ".join(filter(None, facts))
    return Content.assemble(mark, plain(shorten(model["name"], 60)), ("  " + shorten(about, 100), "dim"))
