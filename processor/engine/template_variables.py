"""Variables that a message template declares and the action which sends it fills in (§ 3.1, 3.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from liquid.utils import ReadOnlyChainMap

from processor.engine.errors import Misfit
from processor.engine.template import Template
from processor.engine.visit import Visit

Scope = Mapping[str, Any]


def misfits(declared: Sequence[str], given: Mapping[str, Template]) -> list[Misfit]:
    """Return what is given beyond what the template declares, and what it declares and is not given."""
    surplus = [name for name in given if name not in declared]
    missing = [name for name in declared if name not in given]
    return [
        *(Misfit("unknown_input", f"template_variables.{name}", "a variable that the template declares", "none") for name in surplus),
        *(Misfit("missing_input", f"template_variables.{name}", "a value for this variable", "nothing") for name in missing),
    ]


def scope_with(visit: Visit, own: Mapping[str, str]) -> Scope:
    """Return the names that a message template knows: its own variables, then the flow's."""
    return ReadOnlyChainMap(own, visit.scope)


def rendered(visit: Visit, template: Template, scope: Scope) -> str:
    """Return the text of a message template; a name that it does not find leaves a warning, once for all of its texts.

    Raises TemplateFailed.
    """
    missing: list[str] = []
    text = template.render(scope, missing)
    warnings = (f"missing_variable: {name}" for name in missing)
    visit.warnings.extend(warning for warning in warnings if warning not in visit.warnings)
    return text
