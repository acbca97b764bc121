"""Work that goes on beside the keyboard: newer work of a kind ends the older, and what goes wrong in it is said."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from textual.dom import DOMNode
from textual.worker import NoActiveWorker, WorkerCancelled

from promptlab.errors import PromptlabError
from promptlab.jobs.client import EngineError, EngineGone

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


def work(node: DOMNode, kind: str, do: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
    """Run ``do(*arguments)`` while ``node`` is there; instead of its older work of this kind.

    What the work itself does not catch is told to the user: an error of theirs in its sentence, one of ours by name.
    """

    async def run() -> None:
        try:
            await do(*arguments)
        except (PromptlabError, EngineError, EngineGone) as error:
            _app(node).desk.say(str(error), "error")
        except (NoActiveWorker, WorkerCancelled):
            raise
        except Exception as error:
            _app(node).desk.say(f"Something went wrong that should not have: {type(error).__name__}: {error}", "error")

    node.run_worker(cast(Any, run), exclusive=True, group=kind, exit_on_error=False)


def _app(node: DOMNode) -> "PromptlabApp":
    return cast("PromptlabApp", node.app)
