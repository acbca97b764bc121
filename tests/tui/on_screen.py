"""What tests of the application wait for and look at."""

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from promptlab.tui.app import PromptlabApp

# The fixture ``start``: see conftest.
Start = Callable[..., Any]


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds; fails after ``seconds``."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not holds():
        assert loop.time() < end, "it never came to hold"
        await pilot.pause(0.01)


def screen_text(app: PromptlabApp) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
