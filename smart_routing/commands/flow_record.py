"""`smart-routing flow record`: a chat becomes a test."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from processor.engine.errors import DocumentRefused
from processor.flow.document import load
from processor.runtime.simulator.recording import appended, conversation, new_file, relative
from processor.runtime.simulator.suite import SuiteRefused, load_suite
from processor.runtime.simulator.trial import run
from smart_routing.chat_terminal import Opened, open_chat, talk
from smart_routing.commands.flow_chat import chat_options
from smart_routing.flow_files import counted


@click.command()
@chat_options
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Test file to write or to add to.")
@click.option("--name", help="Sentence that says what the conversation shows.")
def record(
    *, files: Sequence[Path], flow: str | None, channel: str | None, at: str | None, draws: Sequence[str], output: Path, name: str | None
) -> None:
    """Talk to a flow, and keep the conversation as a test.

    The same chat as `flow chat`. What happened since it began, or since /restart, is written when you leave it, with all that followed as
    expectations: as a new test file, or added to one that is there.
    """
    opened = open_chat(files, flow, channel, at, draws)
    known = _known(output)
    talk(opened.chat)
    if not opened.chat.done:
        raise click.ClickException("Nothing was said: nothing is recorded.")
    sentence = _sentence(name, known)
    done = [(one.happening, one.turn) for one in opened.chat.done]
    own = {} if not known else _own_script(opened, known, output)
    told = conversation(sentence, {**opened.situation, **own}, done, opened.chat.world.flow.reference)
    try:
        text = appended(output.read_text("utf-8"), told) if known else new_file(_head(opened, files, output), told)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, "utf-8")
    except ValueError as error:
        expected, _, found = str(error).partition(", found ")
        raise click.ClickException(f"{output}: expected {expected}; found {found}. Nothing is recorded; give another file.") from error
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
    click.echo(f"{output}: {sentence} ({counted(len(done), 'turn')}).")
    _try(output)


def _known(output: Path) -> dict[str, Any]:
    """Return the test file that is there, so that nobody talks in vain; empty where there is none."""
    if not output.exists():
        return {}
    try:
        load_suite(output)
        return dict(load(output.read_bytes()))
    except (SuiteRefused, DocumentRefused, OSError) as refused:
        raise click.ClickException(f"{output} is no test file that could be added to:\n{refused}") from refused


def _sentence(name: str | None, known: dict[str, Any]) -> str:
    """Return a sentence that no other conversation of the file has."""
    taken = {talk["conversation"] for talk in known.get("conversations", ())}
    if name is None and sys.stdin.isatty():
        name = click.prompt("What does this conversation show", default="", show_default=False)
    wanted = name or "Recorded"
    number, sentence = 1, wanted
    while sentence in taken:
        number += 1
        sentence = f"{wanted} ({number})"
    return sentence


def _head(opened: Opened, files: Sequence[Path], output: Path) -> dict[str, Any]:
    """Return what a new test file says of all of its conversations."""
    reference = opened.chat.world.flow.reference
    begins = next(Path(name) for name, document in opened.gathered.definitions if document.get("ref") == reference)
    others = [file for file in files if file.resolve() != begins.resolve() and file not in opened.gathered.scripts]
    head: dict[str, Any] = {"flow": relative(begins, output.parent)}
    if others:
        head["definitions"] = [relative(file, output.parent) for file in others]
    if opened.gathered.scripts:
        head["script"] = [relative(script, output.parent) for script in opened.gathered.scripts]
    return head


def _own_script(opened: Opened, known: dict[str, Any], output: Path) -> dict[str, Any]:
    """Return the scripts of a conversation that the file does not name already."""
    named = [relative(script, output.parent) for script in opened.gathered.scripts]
    missing = [script for script in named if script not in known.get("script", ())]
    return {"script": missing} if missing else {}


def _try(output: Path) -> None:
    """Run what was recorded, so that a test that does not pass is known at once."""
    try:
        suite = load_suite(output)
    except SuiteRefused as refused:
        raise click.ClickException(f"What was recorded cannot be run:\n{refused}") from refused
    verdict = run(suite, len(suite.tests.conversations) - 1)
    if not verdict.passed:
        raise click.ClickException(
            f"What was recorded does not pass, because the test file says otherwise how it begins:\n{verdict.failure}"
        )
