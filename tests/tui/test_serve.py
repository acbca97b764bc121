"""The application in a browser: only for who has the token, then the cookie, and never for another site's page."""

import asyncio
import builtins
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError
from aiohttp.test_utils import TestServer

from promptlab.cli.main import main
from promptlab.tui.web.addresses import is_loopback
from promptlab.tui.web.server import SafeServer


@asynccontextmanager
async def served(tmp_path: Path, *, host: str = "127.0.0.1") -> AsyncIterator[tuple[SafeServer, ClientSession, str]]:
    """A server in this process, a client without cookies, and the address without its token."""
    safe = SafeServer(tmp_path / ".promptlab", None, host=host, port=0)
    safe.command = "cat"  # nothing of the application is needed here
    server = TestServer(await safe._make_app(), host="127.0.0.1")
    await server.start_server()
    safe.public_url = f"http://127.0.0.1:{server.port}"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        yield safe, client, safe.public_url
    await server.close()


async def enter(safe: SafeServer, client: ClientSession) -> None:
    answer = await client.get(safe.address)
    assert answer.status == 200 and str(answer.url) == f"{safe.public_url}/", "the token is not left in the address"


async def test_without_the_token_nothing_is_shown(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, client, url):
        for path in ("/", "/?token=", "/?token=guess", "/static/js/textual.js", "/ws", "/download/x"):
            answer = await client.get(url + path)
            assert answer.status == 403 and "promptlab serve" in await answer.text(), path


async def test_the_token_gives_a_cookie_that_no_script_and_no_other_site_gets(tmp_path: Path) -> None:
    async with served(tmp_path) as (safe, client, url):
        answer = await client.get(safe.address, allow_redirects=False)
        (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert answer.status == 302 and cookie["httponly"] and cookie["samesite"] == "Strict"
        page = await client.get(url + "/")
        assert page.status == 200 and "textual" in await page.text()
        assert page.headers["Referrer-Policy"] == "no-referrer"


async def test_the_token_holds_once(tmp_path: Path) -> None:
    async with served(tmp_path) as (safe, client, _):
        address = safe.address
        await enter(safe, client)
        async with ClientSession() as other:
            assert (await other.get(address)).status == 403


async def test_a_window_of_our_own_page_is_connected(tmp_path: Path) -> None:
    async with served(tmp_path) as (safe, client, url):
        await enter(safe, client)
        socket = await client.ws_connect(url + "/ws", headers={"Origin": url})
        assert socket._response.status == 101
        await socket.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", None])
async def test_a_page_of_another_site_is_refused_even_with_the_cookie(tmp_path: Path, origin: str | None) -> None:
    async with served(tmp_path) as (safe, client, url):
        await enter(safe, client)
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(url + "/ws", headers={} if origin is None else {"Origin": origin})
        assert refused.value.status == 403


async def test_our_own_page_without_the_cookie_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as (safe, _, url):
        async with ClientSession() as other:
            with pytest.raises(WSServerHandshakeError) as refused:
                await other.ws_connect(url + "/ws", headers={"Origin": url})
        assert refused.value.status == 403 and safe._token is not None


async def test_a_name_that_was_made_to_point_here_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as (safe, client, url):
        token = safe.address.partition("?")[2]
        answer = await client.get(f"{url}/?{token}", headers={"Host": "rebound.example"})
        assert answer.status == 403 and safe._token is not None


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.1.2", False), ("x", False)],
)
def test_which_addresses_only_this_machine_reaches(host: str, is_ours: bool) -> None:
    assert is_loopback(host) == is_ours


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "my-machine"])
def test_other_addresses_need_a_word_that_says_so(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", host]) == 2
    assert "--anyone-on-this-network" in capsys.readouterr().err


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = builtins.__import__

    def without(name: str, *given: Any, **options: Any) -> Any:
        if name.split(".")[0] in ("textual_serve", "aiohttp"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return whole(name, *given, **options)

    monkeypatch.delitem(sys.modules, "promptlab.tui.web.server")
    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["serve"]) == 2
    assert 'pip install ".[web]"' in " ".join(capsys.readouterr().err.split())


def test_a_port_that_is_taken_and_a_file_that_is_not_there_are_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "Nothing can listen on" in capsys.readouterr().err
    assert main(["serve", "no-such.csv"]) == 2
    assert "There is no file 'no-such.csv'" in capsys.readouterr().err


async def test_the_application_runs_in_a_window_and_ends_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTLAB_CONFIG", str(tmp_path / "config.toml"))
    command = [sys.executable, "-m", "promptlab", "serve"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        address = (await asyncio.to_thread(process.stdout.readline)).strip()
        url = re.sub(r"/\?.*", "", address)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
            assert (await client.get(address)).status == 200
            socket = await client.ws_connect(f"{url}/ws?width=100&height=30", headers={"Origin": url})
            seen = ""
            async with asyncio.timeout(20):
                while "Samples" not in seen:
                    message = await socket.receive()
                    seen += message.data.decode() if isinstance(message.data, bytes) else str(message.data)
            process.send_signal(signal.SIGINT)
            while not socket.closed:
                await socket.receive()
            assert await asyncio.to_thread(process.wait, 10) == 0
    finally:
        process.kill()
        process.communicate()
    with pytest.raises(OSError, match=r"refused|urlopen"):
        urllib.request.urlopen(url, timeout=1)
