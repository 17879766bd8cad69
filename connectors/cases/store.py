"""What is done to cases in the store, each on a connection of the caller's, whose transaction it is."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.cases import tables
from connectors.cases.actor import Actor
from connectors.cases.case import STATUS, TITLE, Case, Customer, fields_text

LAST: Final = 3
"""How many of a customer's cases count as the last ones (§ 5.1)."""


async def by_reference(connection: AsyncConnection, reference: str, *, to_change: bool = False) -> Case | None:
    """Return the case of a reference; `to_change`: nobody else changes it until the transaction has ended."""
    if "\0" in reference:  # PostgreSQL takes no such text, not even to say that there is none
        return None
    wanted = select(tables.case).where(tables.case.c.reference == reference)
    row = (await connection.execute(wanted.with_for_update() if to_change else wanted)).one_or_none()
    return None if row is None else Case.of(row)


async def last_of(connection: AsyncConnection, customer: Customer) -> list[Case]:
    """Return the customer's last three cases by the time they were opened, the newest first."""
    case = tables.case.c
    wanted = (
        select(tables.case)
        .where(case.address == customer.address, case.account == customer.account, case.channel == customer.channel)
        .order_by(case.opened_at.desc(), case.id.desc())
        .limit(LAST)
    )
    return [Case.of(row) for row in await connection.execute(wanted)]


async def of_interaction(connection: AsyncConnection, interaction_id: str) -> str | None:
    """Return the id of the case that an interaction belongs to."""
    found: str | None = await connection.scalar(select(tables.link.c.case_id).where(tables.link.c.interaction_id == interaction_id))
    return found


async def add(connection: AsyncConnection, case: Case, actor: Actor, did: str = "opened") -> None:
    """Keep a new case. Raises sqlalchemy.exc.IntegrityError where its reference is taken."""
    customer = case.customer
    await connection.execute(
        insert(tables.case).values(
            id=case.id,
            reference=case.reference,
            type=case.type,
            title=case.title,
            status=case.status,
            fields=fields_text(case.fields),
            channel=customer and customer.channel,
            account=customer and customer.account,
            address=customer and customer.address,
            opened_at=case.opened_at,
            changed_at=case.changed_at,
            version=case.version,
        )
    )
    await _note(connection, case.id, actor, did, {})


def new_id() -> str:
    """Return an id for a case."""
    return str(uuid.uuid4())


async def change(connection: AsyncConnection, case: Case, values: Mapping[str, str], actor: Actor) -> Case:
    """Give fields other values, checked ones, and return the case as it is now; the case is held `to_change`.

    Values that are there already are no change.
    """
    before = case.all_fields
    changes = {name: [before.get(name, ""), value] for name, value in values.items() if before.get(name, "") != value}
    if not changes:
        return case
    after = {**before, **values}
    own = {name: value for name, value in after.items() if name not in {TITLE, STATUS} and value}
    # What staff see is in the order in which it happened, also where a flow's log time is behind the clock of the office.
    at = max(actor.at, case.changed_at)
    changed = replace(case, title=after[TITLE], status=after[STATUS], fields=own, changed_at=at, version=case.version + 1)
    await connection.execute(
        update(tables.case)
        .where(tables.case.c.id == case.id)
        .values(title=changed.title, status=changed.status, fields=fields_text(own), changed_at=changed.changed_at, version=changed.version)
    )
    await _note(connection, case.id, actor, "changed", {"changes": changes})
    return changed


async def associate(connection: AsyncConnection, interaction_id: str, case: Case, actor: Actor) -> None:
    """Note that an interaction belongs to a case, in place of the one that it belonged to before."""
    before = await of_interaction(connection, interaction_id)
    if before == case.id:
        return
    await dissociate(connection, interaction_id, actor)
    await connection.execute(insert(tables.link).values(interaction_id=interaction_id, case_id=case.id, linked_at=actor.at))
    await _note(connection, case.id, actor, "associated", {"interaction": interaction_id})


async def dissociate(connection: AsyncConnection, interaction_id: str, actor: Actor) -> None:
    """Note that an interaction belongs to no case."""
    case_id = await of_interaction(connection, interaction_id)
    if case_id is not None:
        await connection.execute(delete(tables.link).where(tables.link.c.interaction_id == interaction_id))
        await _note(connection, case_id, actor, "dissociated", {"interaction": interaction_id})


async def _note(connection: AsyncConnection, case_id: str, actor: Actor, did: str, about: Mapping[str, Any]) -> None:
    await connection.execute(
        insert(tables.history).values(
            case_id=case_id, at=actor.at, who=actor.who, name=actor.name, did=did, about=json.dumps(about, ensure_ascii=False)
        )
    )
