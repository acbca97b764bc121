"""``promptlab doctor``: what a bug report needs, and what is wrong with this machine."""

from typing import Annotated

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import DOES_NOT_HOLD, DONE

Online = Annotated[bool, typer.Option("--online", help="Also ask whether the hub can be reached.")]


def doctor(online: Online = False, workspace: options.Workspace = options.WORKSPACE, json: options.Json = False) -> int:
    """Show versions, device, memory and places, and what is wrong with them. Exit code 3 when something is.

    Nothing is sent anywhere unless --online is given.
    """
    from promptlab.cli.figures import fact_lines
    from promptlab.jobs.doctor import examine

    facts = list(examine(workspace, online=online))
    problems = [fact.problem for fact in facts if fact.problem]
    if json:
        results = [{"name": fact.name, "found": fact.found, "problem": fact.problem} for fact in facts]
        console.show_document("doctor", results)
    else:
        console.show_lines(fact_lines([(fact.name, fact.found) for fact in facts], width=console.width()))
        console.show()
        for sentence in problems or ["Nothing is wrong."]:
            console.show(sentence)
    return DOES_NOT_HOLD if problems else DONE
