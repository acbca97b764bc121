"""SafeServer: textual-serve behind a token that holds once, then a cookie, and a check of where a page is from."""

import hmac
import secrets
import shlex
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

_COOKIE = "promptlab"
_EVERY = ("0.0.0.0", "::")  # every address of this machine
_MOST_TO_STOP = 1.0  # seconds that open windows may take to end
_REFUSED = "Open the address that `promptlab serve` printed. It holds once: start the server again for a new one.\n"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SafeServer(Server):
    """Serves the application on a workspace to the browser that opens ``address``, and to no other.

    A page of another site that the same browser shows cannot reach it either: its Origin is refused, and the cookie is
    not sent with its requests.
    """

    def __init__(self, workspace: Path, path: Path | None, *, host: str, port: int) -> None:
        command = [sys.executable, "-m", "promptlab.tui", "--workspace", str(workspace)]
        named = socket.gethostname() if host in _EVERY else f"[{host}]" if ":" in host else host
        super().__init__(
            shlex.join([*command, *([str(path)] if path else [])]),
            host=host,
            port=port,
            title="promptlab",
            public_url=f"http://{named}:{port}",
        )
        self._token: str | None = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        """Where the application is, with the token that holds once."""
        return f"{self.public_url}/?token={self._token}"

    def open_browser(self) -> None:
        """Open the address in the user's browser; the socket listens already, so that it may come before the server."""
        webbrowser.open(self.address)

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until Ctrl-C; the applications of open windows end with it."""
        web.run_app(self._make_app(), sock=listener, print=None, access_log=None, shutdown_timeout=_MOST_TO_STOP)

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed here: the command has said where it is."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token, and then who has the cookie and comes from our own page."""
        if not self._is_our_name(request):
            raise web.HTTPForbidden(text=_REFUSED)
        if request.path == "/" and self._takes_token(request.query.get("token", "")):
            answer = web.HTTPFound("/")
            answer.set_cookie(_COOKIE, self._cookie, httponly=True, samesite="Strict")
            raise answer
        if not _same(request.cookies.get(_COOKIE, ""), self._cookie):
            raise web.HTTPForbidden(text=_REFUSED)
        origin = request.headers.get("Origin")
        is_foreign = origin is not None and urlsplit(origin).netloc != request.host
        if is_foreign or (request.path == "/ws" and origin is None):
            raise web.HTTPForbidden(text=_REFUSED)
        answer_of = await handler(request)
        answer_of.headers.setdefault("Referrer-Policy", "no-referrer")
        return answer_of

    def _takes_token(self, given: str) -> bool:
        """Whether this is the token; from then on it is none any more."""
        if self._token is None or not _same(given, self._token):
            return False
        self._token = None
        return True

    def _is_our_name(self, request: web.Request) -> bool:
        """Whether the request names us as we are called: a name that was made to point here is not ours."""
        return request.host == urlsplit(self.public_url).netloc or self.host in _EVERY


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
