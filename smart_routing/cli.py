"""The command line `smart-routing`: what commands there are, and how their errors are told."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import click

from schemas.deployment import Deployment, DeploymentError, variable_of
from smart_routing.cannot_start import CannotStart
from smart_routing.topic_admin import KafkaUnreachableError, TopicsRefusedError


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that is imported when it is called: where it is, as `module:attribute`, and the line that the help shows."""

    where: str
    help: str

    @property
    def exists(self) -> bool:
        """Whether its module is there."""
        return importlib.util.find_spec(self.where.partition(":")[0]) is not None

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.where.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.where} is no click command but {command!r}")
        return command


def _command(module: str, line: str) -> LazyCommand:
    return LazyCommand(f"smart_routing.commands.{module}:{module}", line)


COMMANDS: Mapping[str, LazyCommand] = MappingProxyType(
    {
        # To try out
        "demo": _command("demo", "Chat with a flow and watch its steps, on an embedded stack."),
        "broker": _command("broker", "Run Apache Kafka here, for machines without Docker."),
        # To run
        "topics": _command("topics", "Create the deployment's topics, or compare them."),
        "worker": _command("worker", "Apply what comes in: the processor of conversations."),
        "connectors": _command("connectors", "Carry out commands: messages, e-mails, cases, payments …"),
        "gateway": _command("gateway", "Let customers in: web chat, webhooks, public pages."),
        "billing": _command("billing", "Bring invoices in."),
        "office": _command("office", "Serve the staff's pages: desk, cases, invoices …"),
        "databases": _command("databases", "Bring rows of custom databases in from files, and out."),
        "crm": _command("crm", "Bring customers' cards in from files, and out."),
        # To author
        "flow": _command("flow", "Check, publish and draw flows."),
        "definitions": _command("definitions", "Show, rename or delete what flows name."),
        "reference": _command("reference", "Write the reference of actions, definitions and records."),
        "cases": _command("cases", "Bring cases from elsewhere."),
        # To look after
        "dead-letters": _command("dead_letters", "Show what could not be applied, and redrive it."),
        "conversation": _command("conversation", "End one conversation, or lift its quarantine."),
        "explain": _command("explain", "Tell the story of one conversation."),
        "replay": _command("replay", "Apply the journal again and compare."),
        "audit": _command("audit", "Look for lost, doubled and out-of-order effects."),
        "contacts": _command("contacts", "Build customers' contacts anew from the journal."),
        "bench": _command("bench", "Measure the engine against its peers."),
    }
)
"""Every command of `smart-routing`. A new one is a line here and a module in `smart_routing/commands/` with a click command of its name."""


class LazyGroup(click.Group):
    """A group whose help imports none of its commands, and whose call imports only one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands that are there, in the order in which they are named."""
        return [name for name, command in COMMANDS.items() if command.exists]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name."""
        command = COMMANDS.get(cmd_name)
        return command.load() if command is not None and command.exists else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the environment can say, as the settings themselves describe it."""
        with formatter.section("Environment"):
            formatter.write_dl(
                [(variable_of(name), f"{field.description}{_default(field.default)}") for name, field in Deployment.model_fields.items()]
            )
        with formatter.section("First steps"):
            formatter.write_dl(
                [
                    ("smart-routing demo", "everything in one process, nothing to set up"),
                    ("smart-routing broker", "a real Kafka on 127.0.0.1:9092; then, in other terminals:"),
                    ("smart-routing topics create", "the topics, once"),
                    ("smart-routing worker", "with `connectors run` and `gateway` beside it"),
                ]
            )

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what people can mend is told in a sentence, without a trace."""
        try:
            return super().invoke(ctx)
        except (CannotStart, DeploymentError, KafkaUnreachableError, TopicsRefusedError) as error:
            raise click.ClickException(str(error)) from error


def _default(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f" [default: {str(value).lower()}]"
        case _:
            return f" [default: {value}]"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="smart-routing")
def main() -> None:
    """Smart routings decide, step by step, what happens to a customer's contact.

    Messages come in on Kafka; a worker applies the steps of a flow; connectors carry out what it commands. Nothing is lost and nothing is
    done twice, whatever is restarted. Each command explains itself with --help.
    """
    # Texts hold every script there is; a terminal or a pipe that cannot show one must not end a command.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
