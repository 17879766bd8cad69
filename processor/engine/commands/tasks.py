"""Commands to the tasks connector (§ 5.9)."""

from processor.engine.commands.command import CommandBody


class CreateTask(CommandBody, frozen=True):
    """Create a task that belongs to the interaction. Dates are ISO 8601 with offset."""

    family = "tasks"
    name: str
    category: str
    kind: str
    start_date: str | None
    end_date: str | None
