"""`docs/reference/reasons.md`: the reason codes."""

from typing import Final

from processor.engine.reasons import ENDED, REASONS, REFUSED
from schemas.codec import current_schema
from schemas.topics import COMMAND_FAMILIES
from smart_routing.reference.markdown import code, page, table
from smart_routing.reference.schema_names import schema_names

_INTRODUCTION: Final = """A failure branch always carries a reason: in the journal (`reason` of its step) and in `{{ last.reason }}`. Where
nothing more is known, that is the branch's own name. What becomes of events is in [dispositions.md](dispositions.md)."""

_CONNECTORS: Final = """A connector answers a command with an outcome and, where it failed, a reason of its own, which the branch then
carries. Which there are is said of each command."""


def reasons_page() -> str:
    """Return the page."""
    return page(
        "Reason codes",
        _INTRODUCTION,
        "## Why a branch was taken",
        table(("reason", "meaning"), ((code(reason), sentence) for reason, sentence in sorted(REASONS.items()))),
        "## What connectors say",
        _CONNECTORS,
        table(("family", "commands"), _commands()),
        "## Why an interaction ended",
        "In the journal, `ended`.",
        table(("reason", "meaning"), ((code(reason), sentence) for reason, sentence in ENDED.items())),
        "## Why an input is in the dead letters",
        "`smart-routing dead-letters` shows and redrives them.",
        table(("reason", "what was wrong", "what to do"), ((code(reason), said.wrong, said.mend) for reason, said in REFUSED.items())),
    )


def _commands() -> list[tuple[str, str]]:
    """Return the commands of each family, with links to what is said of them."""
    return [
        (code(family), ", ".join(f"[{name}](records.md#{name.lower()})" for name in _bodies(family)))
        for family in COMMAND_FAMILIES
        if f"{family}_command" in schema_names()
    ]


def _bodies(family: str) -> list[str]:
    (body,) = [field["type"] for field in current_schema(f"{family}_command")["fields"] if field["name"] == "body"]
    return [record["name"] for record in body]
