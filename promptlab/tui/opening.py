"""Opening a table: at once when it was opened here before or is a sample, else after a look at its columns."""

import asyncio
from typing import TYPE_CHECKING

from promptlab.errors import PromptlabError
from promptlab.jobs.client import EngineError, EngineGone
from promptlab.tui.nearby import is_sample
from promptlab.tui.screens.columns import Columns
from promptlab.tui.state.recent import known_choice, recent_tasks, remember_task
from promptlab.tui.state.session import TaskChoice

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk


async def open_table(app: "PromptlabApp", choice: TaskChoice) -> str | None:
    """Open a table in the workbench; must run in a worker of the screen that asks for it.

    Returns an empty string when it is open, a sentence when it cannot be, and None when the person went back.
    """
    if (problem := await engine_problem(app.desk)) is not None:
        return problem
    known = known_choice(recent_tasks(app.workspace), choice)
    if known is None and is_sample(choice.reference):
        known = choice
    if known is not None:
        try:
            return await _open(app, known)
        except EngineError:
            pass  # the file is another than it was: its columns are asked about again
    app.engine.tell("load", model=app.desk.session.model.table())  # while the columns are looked at
    accepted = await app.push_screen_wait(Columns(known or choice))
    try:
        return None if accepted is None else await _open(app, accepted)
    except EngineError as error:
        return error.what


async def _open(app: "PromptlabApp", choice: TaskChoice) -> str:
    """Open it as chosen and remember that; EngineError when the table cannot be read so."""
    try:
        await app.desk.open_task(choice)
    except EngineGone as error:
        return str(error)
    except PromptlabError as error:
        return str(error)
    try:
        remember_task(app.workspace, choice)
    except PromptlabError as error:
        app.desk.say(str(error), "warning")
    return ""


async def engine_problem(desk: "Desk") -> str | None:
    """Wait until the engine can be asked; why it cannot, when it ended."""
    changed = asyncio.Event()
    stop = desk.listen(lambda topic: changed.set() if topic == "engine" else None)
    try:
        while desk.engine.state.name in ("off", "starting"):
            changed.clear()
            await changed.wait()
    finally:
        stop()
    if desk.engine.state.name == "stopped":
        return f"{desk.engine.state.sentence} Press ctrl+r to start it again."
    return None
