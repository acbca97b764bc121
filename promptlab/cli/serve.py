"""``promptlab serve``: the application in a browser, for this machine and whoever has the printed address alone."""

from pathlib import Path
from typing import Annotated

import typer

from promptlab.cli import options
from promptlab.cli.console import say, show
from promptlab.errors import ConfigError

Table = Annotated[Path | None, typer.Argument(metavar="[PATH]", help="A table to open at once.")]
Port = Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 takes one that is free.")]
Open = Annotated[bool, typer.Option("--open", help="Open the address in the browser.")]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")]
Anyone = Annotated[
    bool,
    typer.Option(
        "--anyone-on-this-network",
        help="Allow a --host that other machines reach. Nothing is encrypted: whoever listens on the network can take "
        "over the application, and with it read your files.",
    ),
]


def serve(
    path: Table = None,
    port: Port = 0,
    open_browser: Open = False,
    host: Host = "127.0.0.1",
    anyone: Anyone = False,
    workspace: options.Workspace = options.WORKSPACE,
) -> None:
    """Show the application in a browser on this machine.

    It prints an address with a token that holds once. Each browser window runs an application of its own, which ends
    with the window; what was written is kept as a draft.
    """
    if path is not None and not path.exists():
        raise ConfigError(f"There is no file {str(path)!r}.")
    from promptlab.tui.web.addresses import check_host, free_port, listening

    check_host(host, anyone=anyone)
    try:
        from promptlab.tui.web.server import SafeServer
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'The browser needs the extra web, which is not installed ({error.name} is missing): pip install ".[web]"'
        ) from None

    with listening(host, port) as socket:
        server = SafeServer(workspace, path, host=host, port=free_port(socket))
        show(server.address)
        say("Open this address; it holds once. Ctrl-C ends the server and the applications in its windows.")
        if open_browser:
            server.open_browser()
        server.serve_on(socket)
