"""``python -m promptlab.tui --workspace FOLDER [PATH]``: the application without asking whether this is a terminal."""

import sys
from pathlib import Path

from promptlab.tui import run


def main(arguments: list[str]) -> int:
    """What a server of the application starts, once a browser window."""
    _, workspace, *path = arguments
    return run(Path(workspace), path[0] if path else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
