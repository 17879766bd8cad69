"""Templates that are known to fail."""

from collections.abc import Iterator

from processor.engine.errors import TemplateFailed
from processor.engine.template import Template
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, flow_fault


@flow_fault(
    "failing_template",
    "A template that reads nothing fails whenever it is rendered, such as by too many turns of a loop: the action fails, too.",
    "Mend the template, or write its text out.",
)
def failing_template(facts: Facts) -> Iterator[Spot]:
    """Look for templates that read no variable and meet a bound, or an error."""
    for path, template in facts.templates:
        if template.constant is None and not template.paths:
            try:
                template.render({}, [])
            except TemplateFailed as failed:
                yield path, f"it fails each time: {failed}"


def text_of(template: Template) -> str | None:
    """Return the text of a template that reads nothing; None where it reads something, or fails."""
    if template.constant is not None or template.paths:
        return template.constant
    try:
        return template.render({}, [])
    except TemplateFailed:
        return None
