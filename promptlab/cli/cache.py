"""``promptlab cache``: what is kept in the user's cache folder, and its removal."""

from typing import Annotated

import typer

from promptlab.cli import console, options

app = typer.Typer(help="Look at what is kept to save time: show, clear.", no_args_is_help=True)

Kinds = Annotated[list[str] | None, typer.Argument(metavar="KIND", help="readouts, tables, ...: as show names them.")]


@app.command("show")
def show_cache(json: options.Json = False) -> None:
    """Show the cache folder and the size of each kind of thing in it."""
    from promptlab.cli.tables import number, table_lines, text
    from promptlab.jobs.caches import cached
    from promptlab.paths import cache_folder
    from promptlab.text import size

    kinds = cached()
    if json:
        console.show_document("cache show", [one.to_json() for one in kinds])
        return
    console.show(f"{cache_folder()}")
    columns = (text("kind"), number("files"), number("size"), text("what it holds"))
    rows = [(one.name, f"{one.files:,}", size(one.bytes), one.what) for one in kinds]
    console.show_lines(["", *table_lines(columns, rows, width=console.width())])


@app.command("clear")
def clear_cache(kinds: Kinds = None, json: options.Json = False) -> None:
    """Remove what the cache holds, all of it or some kinds; it is made again when it is needed."""
    from promptlab.jobs.caches import clear
    from promptlab.text import counted, size

    removed = clear(kinds or ())
    if json:
        console.show_document("cache clear", [one.to_json() for one in removed])
        return
    files, total = sum(one.files for one in removed), sum(one.bytes for one in removed)
    console.show(f"Removed {counted(files, 'file')}, {size(total)}.")
    console.show_lines(f"  {one.name}: {counted(one.files, 'file')}, {size(one.bytes)}" for one in removed if one.files)
