"""``promptlab words``: look at label words, and work on them."""

import typer

from promptlab.cli.words import looking

app = typer.Typer(help="Look at label words, grow, refine, search and learn them.", no_args_is_help=True)
app.command("list")(looking.list_words)
app.command("show")(looking.show_words)
app.command("check")(looking.check_words)
