"""The terminal application. Nothing here imports torch, transformers, numpy, pyarrow or nltk."""

import gc
from pathlib import Path


def run(workspace: Path, path: str | None = None) -> int:
    """Run the application on a workspace, with a table to open at once, and return its exit code.

    On leaving it prints the command that uses what was saved, or that evaluates what stood there.
    """
    gc.disable()  # until the first frame stands: what is imported until then stays anyway
    from promptlab.text import safe_text
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.leaving import eval_command

    app = PromptlabApp(workspace, path=path)
    app.run()
    if line := app.leaving or eval_command(app.desk):
        print(safe_text(line))
    return app.return_code or 0
