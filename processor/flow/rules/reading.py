"""What the reader says before any rule is asked."""

from typing import Final

from processor.flow.rules.rule import Rule

REFUSED: Final = Rule(
    "refused",
    "fault",
    "The document cannot be read: it is no YAML or JSON, or holds an unknown key or type, a value that is not allowed, a template that "
    "does not parse, a link to no action, a write of an undeclared field, loads whose sum is not 100, or choices with the same text.",
    "Change what was found into what was expected.",
)
