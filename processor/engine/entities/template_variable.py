"""Variables of message templates (§ 3.1, 3.2)."""

from typing import Annotated

from pydantic import StringConstraints

TemplateVariable = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
"""Name of a variable that a message template declares; within the template it hides a variable of the flow with the same name."""
