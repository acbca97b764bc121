"""Bundles: those of this folder, what is in one, how it is used, and a text to try it on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.containers import Vertical
from textual.widget import Widget

from promptlab.errors import ConfigError, PromptlabError
from promptlab.text import listed
from promptlab.tui.opening import engine_problem
from promptlab.tui.panes.bundle import BundlePane
from promptlab.tui.panes.bundles_list import BundlesPane
from promptlab.tui.panes.try_bundle import TryPane
from promptlab.tui.screens.mode import Mode
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


class Bundles(Mode):
    """The list, and beside it the bundle under the cursor."""

    mode = "bundles"
    title_shown = "Bundles"

    def panes(self) -> Iterable[Widget]:
        """The list with the text to try below it, and the contents."""
        with Vertical(id="left"):
            yield BundlesPane()
            yield TryPane()
        yield BundlePane()

    def show(self, folder: str) -> None:
        """Show the bundle of a folder."""
        pane = self.query_one(BundlesPane)
        self.show_pane(pane)
        pane.go_to(folder)

    def on_screen_resume(self) -> None:
        """Look for bundles whenever one comes here."""
        work(self, "look", self._look)

    async def _look(self) -> None:
        if await engine_problem(self.desk) is None and self.query(BundlesPane):
            self.query_one(BundlesPane).action_refresh_list()

    def on_bundles_pane_marked(self, event: BundlesPane.Marked) -> None:
        """Show the bundle under the cursor."""
        self.query_one(BundlePane).show(event.bundle)
        self.query_one(TryPane).use(event.bundle)

    def on_bundles_pane_tried(self) -> None:
        """Go to the text."""
        pane = self.query_one(TryPane)
        self.show_pane(pane)
        pane.enter()

    def on_bundles_pane_taken(self) -> None:
        """Take template and words into the workbench, or say why not."""
        pane = self.query_one(BundlePane)
        if pane.bundle is None or pane.bundle["problem"] or not pane.manifest:
            return
        try:
            prompt = pane.prompt()
            self._check_labels(prompt.words.labels)
        except PromptlabError as error:
            self.desk.say(str(error), "warning")
            return
        self.desk.load_prompt(
            prompt.template,
            prompt.words,
            name=str(pane.bundle["name"]),
            truncate=prompt.truncate,
            calibration=prompt.calibration,
        )
        cast("PromptlabApp", self.app).action_mode("workbench")

    def _check_labels(self, labels: Iterable[str]) -> None:
        """Refuse words of other labels than the open table has."""
        if not self.desk.labels:
            raise ConfigError("Open a table first (ctrl+o): the bundle's words are tried on its rows.")
        if set(labels) != set(self.desk.labels):
            raise ConfigError(
                f"This bundle is for the labels {listed(labels)}; the open table has {listed(self.desk.labels)}. "
                "Open a table with the bundle's labels first (ctrl+o)."
            )
