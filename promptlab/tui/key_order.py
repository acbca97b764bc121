"""Keys in order: each is done to its end before the next one, however fast they come.

Textual gives a letter to the widget in focus at once, while a key that is bound wanders up to the application first:
of ``home R`` in one chunk, as a slow line or a busy machine delivers them, the letter would be first.
"""

import asyncio
from collections import deque
from contextlib import suppress

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

# Seconds that a key may take before the next one is given out all the same.
_LONGEST = 1.0
# A key may be answered by a message that gives the focus to something else: that wanders up as well.
_ROUNDS = 2


class KeyOrder:
    """What is typed waits while ``App.on_event`` and the widgets are busy with what was typed before."""

    def __init__(self, app: App[str]) -> None:
        self._app = app
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._due: events.Key | events.Paste | None = None
        self._following: asyncio.Task[None] | None = None

    def holds_back(self, event: events.Key | events.Paste) -> bool:
        """Whether something that was typed must wait; it is posted to the application again when its turn comes."""
        if event is self._due:
            return False
        if self._following is not None and not self._following.done():
            self._waiting.append(event)
            return True
        self._following = asyncio.get_running_loop().create_task(self._follow())
        return False

    async def _follow(self) -> None:
        await self._settled()
        while self._waiting:
            self._due = self._waiting.popleft()
            self._app.post_message(self._due)
            await self._settled()

    async def _settled(self) -> None:
        """Wait until the widget in focus, and each one above it, has seen what was typed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST):
                await self._passed(self._app)
                for _ in range(_ROUNDS):
                    if self._app.screen_stack:
                        for node in (self._app.focused or self._app.screen).ancestors_with_self:
                            await self._passed(node)

    async def _passed(self, node: MessagePump) -> None:
        """Wait until a widget has taken every message that it has by now."""
        taken = asyncio.Event()
        if node.call_later(taken.set):
            await taken.wait()
