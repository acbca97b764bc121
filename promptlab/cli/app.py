"""All commands under one name."""

import typer

from promptlab.cli import bundle, cache, compare, data, doctor, model, predict, runs, serve, templates, why, words
from promptlab.cli import eval as evaluation

_EPILOG = (
    "Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 our fault, 2 something to "
    "put right (the message says what), 3 a check that did not hold, 130 stopped with Ctrl-C. --debug anywhere prints "
    "the traceback of an error."
)

app = typer.Typer(
    epilog=_EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("eval", short_help="Measure how accurate a prompt is on labelled rows.")(evaluation.evaluate)
app.command("compare", short_help="Say whether a run is better than another, or it may be luck.")(compare.compare)
app.command("why", short_help="Explain one prediction of a row or a text.")(why.why)
app.command("predict", short_help="Label a text, or every row of a file, with a bundle.")(predict.predict)
app.add_typer(runs.app, name="runs")
app.add_typer(bundle.app, name="bundle")
app.add_typer(data.app, name="data")
app.add_typer(templates.app, name="templates")
app.add_typer(words.app, name="words")
app.add_typer(model.app, name="model")
app.add_typer(cache.app, name="cache")
app.command("doctor", short_help="Show versions, device and places, and what is wrong.")(doctor.doctor)
app.command("serve", short_help="Show the application in a browser on this machine.")(serve.serve)


@app.callback()
def promptlab() -> None:
    """Prompt and verbalizer engineering with local language models.

    Without a command it opens the application: promptlab [PATH] [--workspace FOLDER].
    """
