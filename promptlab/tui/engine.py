"""Engine: what the application asks of an engine, so that a scripted one can stand in its place."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from promptlab.jobs.client import EngineState

# An event of a request, with the revisions that it belongs to.
OnEvent = Callable[[Mapping[str, Any], int, int], None]


class Engine(Protocol):
    """The calls of ``jobs.client.EngineClient`` that the application makes."""

    @property
    def state(self) -> EngineState: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def restart(self) -> None: ...

    async def ask(
        self, do: str, *, read_rev: int = 0, score_rev: int = 0, on_event: OnEvent | None = None, **fields: Any
    ) -> dict[str, Any]: ...

    def tell(self, do: str, *, read_rev: int = 0, score_rev: int = 0, **fields: Any) -> None: ...
