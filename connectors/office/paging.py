"""Lists page by page: a page ends at a number and an id, and the next one begins after them (keyset paging)."""

import base64
import json
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from connectors.framework.fault import Fault, shown
from connectors.framework.json_answer import json_of

LARGEST_PAGE: Final = 100

Model = TypeVar("Model", bound=BaseModel)

Place = tuple[int, str]
Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE)]
Term = Annotated[str, StringConstraints(max_length=512, pattern=r"^[^\x00]*$")]
"""A text that is looked for; PostgreSQL knows none with NUL."""


def query_of(request: web.Request, model: type[Model]) -> Model:
    """Read a request's query; a parameter that is empty counts as left out.

    Raises Fault where it does not fit the model.
    """
    try:
        return model.model_validate({name: value for name, value in request.query.items() if value})
    except ValidationError as invalid:
        raise Fault.of(invalid) from None


def cursor(place: Place) -> str:
    """Return where a page ends, as a text for the next request."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(text: str | None) -> Place | None:
    """Read it again.

    Raises Fault where it is none of ours.
    """
    if text is None:
        return None
    try:
        number, identity = json_of(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        number = identity = None
    if type(number) is not int or abs(number) >= 1 << 63 or not isinstance(identity, str) or not identity.isascii() or "\0" in identity:
        raise Fault(400, "after", "the `next` of the page before", shown(text))
    return number, identity
