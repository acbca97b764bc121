"""A process that may write no file above some bytes, as on a full disk, and reads runs: WORKSPACE FILE-SIZE-LIMIT."""

import resource
import sys
from pathlib import Path

from promptlab.errors import StoreError
from promptlab.results.store import RunStore


def main() -> None:
    workspace, limit = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        with RunStore.open_to_read(Path(workspace)) as store:
            for run in store.runs():
                print(run.id, run.name)
            for note in store.notes:
                print(note, file=sys.stderr)
    except StoreError as error:
        print(f"StoreError: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
