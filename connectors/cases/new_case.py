"""Cases that people open, or that are brought from elsewhere."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.cases import store
from connectors.cases.actor import Actor
from connectors.cases.case import STATUS, TITLE, Case, Customer
from connectors.cases.case_type import CaseType
from connectors.cases.reference import PATTERN, next_reference, reserve
from connectors.framework.errors import Refused
from connectors.records.declared_fields import complete

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Reference = Annotated[str, StringConstraints(pattern=PATTERN)]
Fields = Annotated[dict[str, str], Field(default_factory=dict, max_length=1_000)]


def _part(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest, pattern=r"^[^\x00-\x1f\x7f]+$")


class GivenCustomer(BaseModel):
    """Whom a case is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Annotated[str, _part(64)]
    account: Annotated[str, _part(255)]
    address: Annotated[str, _part(512)]


class NewCase(BaseModel):
    """A case that is to be opened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(max_length=128)
    title: str = Field(max_length=10_000)
    status: str | None = Field(default=None, max_length=10_000)
    fields: Fields
    customer: GivenCustomer | None = None
    reference: Reference | None = Field(default=None, description="Where the case has one already; otherwise it gets the next.")
    opened_at: AwareDatetime | None = Field(default=None, ge=_EPOCH, description="Where it was opened elsewhere; otherwise now.")


async def opened(
    connection: AsyncConnection, given: NewCase, case_type: CaseType, prefix: str, actor: Actor, *, did: str = "opened"
) -> Case:
    """Open a case, and return it.

    Raises Refused: `unknown_field`, `wrong_type`, `missing_field`, or `reference_taken`.
    """
    values = {TITLE: given.title, STATUS: case_type.first_status if given.status is None else given.status, **given.fields}
    canonical = case_type.checked(values)
    complete(canonical, case_type.fields)
    if not canonical[TITLE]:
        raise Refused("missing_field", "Field title: expected a title, found none.")
    at = actor.at if given.opened_at is None else int(given.opened_at.timestamp() * 1000)
    if given.reference is None:
        reference = await next_reference(connection, prefix, at)
    else:
        reference = given.reference
        await reserve(connection, reference)
    about = given.customer
    customer = None if about is None else Customer(about.channel, about.account, about.address)
    own = {name: value for name, value in canonical.items() if name not in {TITLE, STATUS} and value}
    case = Case(store.new_id(), reference, case_type.reference, canonical[TITLE], canonical[STATUS], own, customer, at, actor.at)
    try:
        await store.add(connection, case, actor, did)
    except IntegrityError as error:
        raise Refused("reference_taken", f"There is a case {reference} already.") from error
    return case
