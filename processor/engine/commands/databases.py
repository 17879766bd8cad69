"""Commands to the databases connector (§ 6.4 to 6.6)."""

from msgspec import Struct

from processor.engine.commands.command import CommandBody


class DatabaseColumn(Struct, frozen=True):
    """A column to read."""

    name: str
    type: str


class DatabaseValue(Struct, frozen=True):
    """A column and a value of its type; empty text stands for no value."""

    column: str
    type: str
    value: str


class ReadRow(CommandBody, frozen=True):
    """Read the oldest row that conforms."""

    family = "databases"
    database: str
    confirm: str
    assertions: tuple[DatabaseValue, ...]
    columns: tuple[DatabaseColumn, ...]


class InsertRow(CommandBody, frozen=True):
    """Add a row."""

    family = "databases"
    database: str
    values: tuple[DatabaseValue, ...]


class ModifyRows(CommandBody, frozen=True):
    """Change values of the oldest row that conforms, or of all that do."""

    family = "databases"
    database: str
    scope: str
    assertions: tuple[DatabaseValue, ...]
    changes: tuple[DatabaseValue, ...]
