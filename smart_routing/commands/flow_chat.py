"""`smart-routing flow chat`: a conversation with a flow in the terminal, in virtual time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from processor.runtime.simulator.author_tests import Channel
from smart_routing.chat_terminal import open_chat, talk


def chat_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what says with whom, when and on which channel to talk."""
    for option in reversed(
        (
            click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
            click.option("--flow", metavar="REF", help="Flow in which the conversation begins, where there are several."),
            click.option("--channel", type=click.Choice(get_args(Channel)), help="Channel; that of the entry point, unless it is given."),
            click.option("--at", metavar="TIME", help="When it begins, such as 2026-03-02T18:30, in the flow's time zone."),
            click.option("--draw", "draws", multiple=True, metavar="ACTION=LINK", help="What load sharing draws; once for each time."),
        )
    ):
        command = option(command)
    return command


@click.command()
@chat_options
def chat(files: Sequence[Path], flow: str | None, channel: str | None, at: str | None, draws: Sequence[str]) -> None:
    """Talk to a flow, without a broker and in virtual time.

    FILES are documents, or folders of them: the flow, what it names and, where there is one, a script of what connectors answer. Beside
    each turn stand the steps taken, with branch and reason. /help lists what can be typed.
    """
    talk(open_chat(files, flow, channel, at, draws).chat)
