"""Hostile text in questions, errors, toasts, logs, names of files, what is typed, and in a real terminal."""

import os
import sys
from pathlib import Path
from typing import Any

from on_screen import screen_text, until
from poison import PAYLOADS, Poisoner, all_show, check_screen, mixtures, seen, text_in
from scripted_engine import refuse
from terminal import Terminal
from textual import events
from textual.widgets import Input, TextArea

from promptlab.jobs.client import EngineState
from promptlab.text import safe_text
from promptlab.tui.leaving import eval_command
from promptlab.tui.line_input import LineInput
from promptlab.tui.screens.choose import Choice, Choose
from promptlab.tui.screens.columns import Columns
from promptlab.tui.screens.confirm import Answer, Confirm
from promptlab.tui.screens.log import Log
from promptlab.tui.screens.open_task import OpenTask
from promptlab.tui.screens.pick_model import PickModel
from promptlab.tui.screens.quit import Quit
from promptlab.tui.state.session import TaskChoice

SIZE = (140, 40)


async def test_in_questions(start: Any) -> None:
    poison = Poisoner()
    async with start(answers=poison.answers, size=SIZE) as (app, pilot, _):
        for payload in mixtures():
            poison.payload = payload
            asked = {
                Confirm(payload, [Answer("x", payload)], title=payload): ("#confirm-question", "#confirm-answers"),
                Choose(payload, [Choice("x", payload, payload)], "x"): ("#choose-box", "OptionList"),
                Quit(payload): ("#quit-box",),
                Columns(TaskChoice(payload)): ("#columns", "#first", "#labels", "#notes"),
                PickModel(): ("#machine", "#models", "#takes"),
            }
            for screen, places in asked.items():
                await app.push_screen(screen)
                await all_show(app, pilot, poison.seen, places)
                app.pop_screen()


async def test_in_errors_and_toasts(start: Any) -> None:
    async with start(size=SIZE) as (app, pilot, engine):
        for payload in mixtures():
            engine.answers |= {do: refuse("data", payload) for do in ("read", "page", "check", "senses", "expand")}
            app.desk.edit_template(app.desk.session.template + " x")
            app.desk.say(payload, "error")
            await until(pilot, lambda: app.desk.live.phase == "failed")
            await all_show(app, pilot, seen(payload), ("#failure", "Toast"))
            app.clear_notifications()
            for mode, places in {"data": ("#state", "#where"), "expand": ("FoundPane #empty",)}.items():
                await app.switch_mode(mode)
                if mode == "data":
                    app.screen.query_one("FindingsPane").action_check()
                else:
                    app.screen.look()
                await all_show(app, pilot, seen(payload), places)
            await app.switch_mode("workbench")


async def test_what_killed_the_engine_and_what_it_wrote(start: Any, workspace: Path) -> None:
    async with start(size=SIZE) as (app, pilot, engine):
        for payload in mixtures():
            workspace.mkdir(exist_ok=True)
            (workspace / "engine.log").write_bytes(payload.encode("utf-8", "surrogatepass"))
            engine.state = EngineState("stopped", payload, None)
            app._engine_changed(engine.state)
            await all_show(app, pilot, seen(payload), ("#failure",))
            app.desk.say(payload)
            app.push_screen(Log())
            await until(pilot, lambda: "What the engine wrote" in screen_text(app))
            await pilot.pause()
            assert seen(payload) in text_in(app, "#log-said") and seen(payload)[:1] in text_in(app, "#log-engine")
            check_screen(app, payload)
            app.pop_screen()
            app.clear_notifications()


async def test_in_names_of_files_and_of_what_they_hold(start: Any, workspace: Path) -> None:
    folder = workspace.parent
    for kind in ("templates", "verbalizers", "bundles"):
        (folder / kind).mkdir()
    made = 0
    for at, payload in enumerate(PAYLOADS.values()):
        name = payload.replace("/", "").replace("\0", "")[:60]
        try:
            (folder / f"{name}.csv").write_text("text,label\nfine,good\n")
            (folder / "bundles" / name).mkdir()
            (folder / "bundles" / name / "bundle.toml").write_text("version = 1\n")
            (folder / "templates" / f"{name}.toml").write_text(
                f'[[template]]\nname = "t{at}"\ntext = "{{text}} {{mask}}"\n'
            )
            made += 1
        except (OSError, ValueError):  # names that this file system does not take
            continue
    assert made > 40
    async with start(size=(140, 100)) as (app, pilot, _):
        await until(pilot, lambda: "Templates" in text_in(app, "LibraryPane"))
        check_screen(app, "library")
        app.push_screen(OpenTask())
        await until(pilot, lambda: "[MASK] x.csv" in screen_text(app))
        check_screen(app, "open")
        await pilot.press("o", "[")
        await until(pilot, lambda: "[CLS][SEP]" in text_in(app, "#near"))
        check_screen(app, "near")
        app.pop_screen()
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "CommandPalette" in type(app.screen).__name__)
        await pilot.press(*"bundle")
        await until(pilot, lambda: "bundle: [MASK] x" in screen_text(app))
        check_screen(app, "palette")


async def test_in_what_is_typed_or_pasted(start: Any) -> None:
    async with start(size=SIZE) as (app, pilot, _):
        editor = app.screen.query_one(TextArea)
        for payload in PAYLOADS.values():
            editor.text = payload
            await pilot.pause()
            check_screen(app, payload)
            first = payload.splitlines()[0][:1]
            assert (safe_text(first) if len(safe_text(first)) == 1 else "\ufffd") in text_in(app, "#editor"), payload
        editor.text = "{text} {mask}"
        await app.switch_mode("data")
        field = app.screen.query_one("#by-text", Input)
        field.focus()
        for payload in PAYLOADS.values():
            field.value = ""
            field.post_message(events.Paste(payload))
            await until(pilot, lambda payload=payload: field.value == payload.splitlines()[0])
            field.cursor_position = 0
            await pilot.pause()
            check_screen(app, payload)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "CommandPalette" in type(app.screen).__name__)
        for payload in mixtures():
            app.post_message(events.Paste(payload))
            await pilot.pause()
            check_screen(app, payload)


async def test_every_input_is_one_that_marks_what_it_shows(start: Any) -> None:
    async with start(size=SIZE) as (app, pilot, _):
        for mode in app.MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            assert all(isinstance(field, LineInput) for field in app.screen.query(Input)), mode
    for path in Path(sys.modules["promptlab.tui"].__path__[0]).rglob("*.py"):
        assert " Input(" not in path.read_text(encoding="utf-8"), path


async def test_the_line_printed_on_leaving_holds_nothing_raw(start: Any) -> None:
    poison = Poisoner()
    async with start(answers=poison.answers) as (app, _, _):
        for payload in PAYLOADS.values():
            poison.payload = payload
            await app.open(TaskChoice(payload))
            line = eval_command(app.desk)
            assert safe_text(line) == line and len(line) <= 400


def test_no_escape_sequence_reaches_a_real_terminal(tmp_path: Path) -> None:
    here = Path(__file__).parent
    code = f"""
import sys
sys.path.insert(0, {str(here)!r})
from pathlib import Path
from poison import PAYLOADS, Poisoner
from scripted_engine import ScriptedEngine
from promptlab.tui.app import PromptlabApp
poison = Poisoner()
poison.payload = "".join(PAYLOADS[name] for name in sys.argv[1].split(","))
app = PromptlabApp(Path(".promptlab"), path="reviews", engine=ScriptedEngine(poison.answers))
app.engine.on_state = app._engine_changed
app.run()
"""
    raw = {
        "clipboard": b"52;c;ZXZpbA==",
        "window title": b"]0;x",
        "hyperlink": b"]8;;https",
        "device control": b"P+q544e",
        "cursor up": b"[9Ax",
        "override": b"gnp.exe",
    }
    environment = {"PROMPTLAB_CONFIG": os.devnull, "PYTHONPATH": str(here)}
    command = [sys.executable, "-c", code, ",".join(["mask", *raw])]
    with Terminal(command, size=(160, 48), folder=tmp_path, env=environment) as terminal:
        terminal.wait("rows right")
        for key, shown in {"4": "Confusions", "5": "macro-F1", "6": "Contents", "2": "Found words"}.items():
            terminal.press(key)
            terminal.wait(shown)
            terminal.settle(0.2)
        assert "[MASK] x" in terminal.text
        terminal.press("ctrl+q")
        terminal.end()
        written = terminal.written
    for name, sequence in raw.items():
        assert sequence in written, name  # it is shown, with its control characters marked
        for before in ("\x1b", "\x9b", "\x9d", "\u202e"):
            assert before.encode() + sequence not in written and before.encode() + b"]" + sequence not in written, name
    assert "\x9b".encode() not in written and "\u202e".encode() not in written
