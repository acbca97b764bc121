"""``promptlab words``: look at label words, and work on them."""

import typer

from promptlab.cli.words import calibrate, expand, learn, looking, refine, search, senses, what_if

app = typer.Typer(help="Look at label words, grow, refine, search and learn them.", no_args_is_help=True)
app.command("list")(looking.list_words)
app.command("show")(looking.show_words)
app.command("check")(looking.check_words)
app.command("senses")(senses.word_senses)
app.command("expand")(expand.expand_words)
app.command("refine")(refine.refine_words)
app.command("calibrate")(calibrate.calibrate_words)
app.command("whatif")(what_if.what_if)
app.command("search")(search.search_words)
app.command("learn")(learn.learn_words)
