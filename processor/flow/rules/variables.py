"""Variables that templates read."""

from collections.abc import Iterator

from processor.engine.visit import BUILT_IN
from processor.flow.finding import Finding
from processor.flow.names import is_field_name
from processor.flow.rules.facts import Facts


def undeclared_read(facts: Facts) -> Iterator[Finding]:
    """Warn of variables that templates read and nothing declares; they render as nothing, unless another flow's hand-over brings them."""
    for identity, mentioned in facts.mentions.items():
        for path, template in mentioned.templates:
            for name in dict.fromkeys(".".join(read[:2]) for read in template.paths if not _is_declared(facts, read)):
                yield Finding(
                    "undeclared_variable",
                    "warning",
                    f"actions.{identity}.{path}",
                    f"`{name}` is read and not declared",
                    "declare it, or mend its name",
                )


def _is_declared(facts: Facts, read: tuple[str, ...]) -> bool:
    if read[0] in BUILT_IN:
        return True
    fields = facts.flow.variables.get(read[0])
    # A segment that is no name is reckoned while the template is rendered: `order[last.reason]`.
    return fields is not None and (len(read) == 1 or read[1] in fields or not is_field_name(read[1]))
