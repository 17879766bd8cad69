"""The terminal of `flow chat` and `flow record`: lines in, turns out, beside each turn its steps."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from processor.engine.errors import DocumentRefused, Fault
from processor.runtime.simulator.author_tests import DEFAULT_AT
from processor.runtime.simulator.chat import HELP, Chat, Done, NotUnderstood
from processor.runtime.simulator.documents import Gathered, gather
from processor.runtime.simulator.duration import moment_ms
from processor.runtime.simulator.recording import compact
from processor.runtime.simulator.simulation import SimulationError
from processor.runtime.simulator.telling import clock, tell_steps
from processor.runtime.simulator.turn import Turn, fields_of, name_of
from processor.runtime.simulator.world import read_documents, world_of
from smart_routing.fault_places import tell_faults
from smart_routing.flow_files import counted

_SIDE_BY_SIDE: Final = 110
"""Columns from which on a terminal shows the steps beside the messages, not below them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A chat, and what was given to begin it."""

    chat: Chat
    gathered: Gathered
    situation: dict[str, Any]
    """What a test of it says of how it begins: time, channel, draws."""


def open_chat(files: Sequence[Path], flow: str | None, channel: str | None, at: str | None, draws: Sequence[str]) -> Opened:
    """Return a chat with the flow of some files. Raises ClickException where they are faulty or do not say which flow."""
    gathered = gather(files)
    faults = list(gathered.faults)
    try:
        batch = read_documents(gathered.definitions)
        if not faults:
            world = world_of(batch, flow, channel)
            begins = moment_ms(at or DEFAULT_AT, world.flow.timezone)
            wanted = _draws(draws)
            situation = {"at": at, "channel": channel, "draws": wanted}
            chat = Chat(world, gathered.rules, begins, wanted)
            return Opened(chat, gathered, {name: value for name, value in situation.items() if value})
    except DocumentRefused as refused:
        faults += [_by_file(fault) for fault in refused.faults]
    except ValueError as error:
        raise click.BadParameter(f"expected {error}", param_hint="--at") from error
    tell_faults(faults)
    raise click.ClickException(f"{counted(len(faults), 'fault')}: there is nothing to talk to.")


def talk(chat: Chat) -> None:
    """Read lines until /quit, the end of the input or Ctrl-C."""
    entry = chat.world.entry
    click.echo(f"{chat.world.flow.name}, {entry.channel}, {clock(chat.at, chat.world.flow.timezone)}. /help lists what you can type.")
    for line in _lines():
        match line.strip():
            case "":
                pass
            case "/quit":
                return
            case "/help":
                width = max(len(typed) for typed, _ in HELP)
                for typed, meaning in HELP:
                    click.echo(f"  {typed:<{width}}  {meaning}")
            case "/vars":
                _show_variables(chat)
            case "/restart":
                chat.restart()
                click.echo("A new conversation begins.")
            case _:
                _take(chat, line)


def _lines() -> Iterator[str]:
    """Yield what is typed, or what comes through a pipe."""
    if sys.stdin.isatty():
        import readline  # noqa: F401 - gives `input` its line editing and history

        while True:
            try:
                yield input("> ")
            except (EOFError, KeyboardInterrupt):
                click.echo()
                return
    try:
        for line in click.get_text_stream("stdin", errors="replace"):
            click.echo(f"> {line.rstrip()}")
            yield line.rstrip("\r\n")
    except KeyboardInterrupt:
        click.echo()


def _take(chat: Chat, line: str) -> None:
    try:
        done = chat.take(line)
    except (NotUnderstood, SimulationError) as error:
        for told in str(error).splitlines():
            click.secho(f"  {told}", fg="yellow")
        return
    for one in done:
        _show(chat, one)
    unanswered = chat.simulation.unanswered
    if unanswered is not None:
        click.secho(f"  {name_of(unanswered)} waits for an answer. It says:", fg="yellow")
        for name, value in compact(fields_of(unanswered)).items():
            click.echo(f"    {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
        click.secho("  Give one: /answer ok name=value …, /answer another_outcome reason=…, or /answer silence.", fg="yellow")
    if done and done[-1].turn.ending is not None and chat.simulation.waiting is None:
        click.secho(f"  The interaction has ended: {done[-1].turn.ending}. The next message begins another one.", dim=True)


def _show(chat: Chat, done: Done) -> None:
    """Print what the customer was sent, and the steps that were taken."""
    flow, turn = chat.world.flow, done.turn
    said = [*_messages(turn)]
    if "wait" in done.happening:
        said.insert(0, f"… {clock(chat.simulation.at, flow.timezone)}")
    steps = list(tell_steps(turn, flow.timezone, flow.reference))
    console = Console(highlight=False)
    if console.is_terminal and console.width >= _SIDE_BY_SIDE:
        grid = Table.grid(expand=True, padding=(0, 2))
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row(Text("\n".join(f"  {line}" for line in said)), Text("\n".join(steps), style="dim"))
        console.print(grid)
        return
    for line in said:
        click.echo(f"  {line}")
    for line in steps:
        click.secho(f"      {line}", dim=True)


def _messages(turn: Turn) -> Iterator[str]:
    for text in turn.messages:
        yield from text.splitlines() or [""]
    for number, choice in enumerate(turn.choices, 1):
        yield f"  {number}  {choice.text}"


def _show_variables(chat: Chat) -> None:
    variables = chat.simulation.variables
    for variable, fields in variables.items():
        for field, value in fields.items():
            click.echo(f"  {variable}.{field} = {value}")
    if not variables:
        click.echo("  The variables hold nothing yet.")


def _by_file(fault: Fault) -> tuple[str, Fault]:
    """Return a fault with the name of its file, which its path begins with."""
    name, colon, path = fault.path.partition(": ")
    return (name, Fault(path, fault.expected, fault.found)) if colon or Path(name).is_file() else ("what was given", fault)


def _draws(written: Sequence[str]) -> dict[str, list[str]]:
    draws: dict[str, list[str]] = {}
    for item in written:
        action, equals, link = item.partition("=")
        if not equals or not link:
            raise click.BadParameter(f"expected action=link, such as halves=link_2; found {item}", param_hint="--draw")
        draws.setdefault(action, []).append(link)
    return draws
