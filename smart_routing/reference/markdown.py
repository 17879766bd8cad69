"""Markdown as the reference's pages need it."""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

NOT_EDITED = "<!-- Written by `smart-routing reference`; what is edited here is lost. -->"


def page(title: str, introduction: str, *parts: str) -> str:
    """Return a page."""
    return "\n\n".join((NOT_EDITED, f"# {title}", introduction, *(part for part in parts if part))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, as narrow as its cells allow; nothing where it has no rows."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join((f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines)) if lines else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return a text as code within a line."""
    shown = str(text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def block(text: str, language: str) -> str:
    """Return a text as a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def as_yaml(data: Any) -> str:
    """Return data as a block of YAML, in the order in which it is."""
    return block(yaml.dump(data, Dumper=_Plain, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120), "yaml")


class _Plain(yaml.SafeDumper):
    """Writes no anchors: what stands twice is shown twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Say so of everything."""
        return True
