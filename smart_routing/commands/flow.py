"""`smart-routing flow`: what authors do with their documents. Each command has a module beside this one."""

import click

from smart_routing.commands.flow_archive import export_flows, import_flows
from smart_routing.commands.flow_chat import chat
from smart_routing.commands.flow_draw import draw
from smart_routing.commands.flow_lint import lint
from smart_routing.commands.flow_migrate import migrate
from smart_routing.commands.flow_publish import publish
from smart_routing.commands.flow_record import record
from smart_routing.commands.flow_retire import list_flows, retire
from smart_routing.commands.flow_schema import schema
from smart_routing.commands.flow_test import test


@click.group()
def flow() -> None:
    """Check, publish and draw flows.

    A file holds one document in YAML or JSON: a flow, or with the key `kind` an entity that flows name, such as an entry_point or a
    checkpoint. Documents that name each other are checked and published together.
    """


flow.add_command(lint)
flow.add_command(publish)
flow.add_command(list_flows)
flow.add_command(migrate)
flow.add_command(retire)
flow.add_command(export_flows)
flow.add_command(import_flows)
flow.add_command(draw)
flow.add_command(schema)
flow.add_command(chat)
flow.add_command(test)
flow.add_command(record)
