"""A process that writes runs, saying the number of each once it is stored: WORKSPACE NAME COUNT [FILE-SIZE-LIMIT]."""

import resource
import sys
from pathlib import Path

from made_scores import drawn

from promptlab.errors import StoreError
from promptlab.results.run import Run
from promptlab.results.store import RunStore


def write(workspace: Path, name: str, count: int) -> None:
    scores = drawn(20, seed=1)
    with RunStore.open(workspace) as store:
        for i in range(count):
            run = Run(f"{name}-{i}", "promptlab eval", {"i": i}, f"{i:064x}", {"n": 20}, scores=scores)
            print(store.add(run), run.name, flush=True)


def main() -> None:
    workspace, name, count, *limit = sys.argv[1:]
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
    try:
        write(Path(workspace), name, int(count))
    except StoreError as error:
        print(f"StoreError: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
