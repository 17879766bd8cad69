"""A task."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from sqlalchemy import Row

from connectors.tasks.moment import Moment, Span

STANDARD: Final = "standard"
SALESFORCE: Final = "salesforce"

_END_OF_TIME: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the store has it; times are epoch milliseconds."""

    id: str
    name: str
    category: str
    kind: str
    span: Span
    created_at: int
    created_by: str
    """The flow and its version, or who of the staff."""
    salesforce_id: str | None = None
    channel: str | None = None
    account: str | None = None
    address: str | None = None
    interaction_id: str | None = None
    done_at: int | None = None
    done_by: str | None = None
    version: int = 1

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Read it from its row."""
        start = None if row.start_date is None else Moment(row.start_date, row.start_at)
        end = None if row.end_date is None else Moment(row.end_date, row.end_at)
        return cls(
            id=row.id,
            name=row.name,
            category=row.category,
            kind=row.kind,
            span=Span(start, end),
            created_at=row.created_at,
            created_by=row.created_by,
            salesforce_id=row.salesforce_id,
            channel=row.channel,
            account=row.account,
            address=row.address,
            interaction_id=row.interaction_id,
            done_at=row.done_at,
            done_by=row.done_by,
            version=row.version,
        )

    @property
    def row(self) -> Mapping[str, Any]:
        """What its row holds."""
        start, end = self.span.start, self.span.end
        return {
            "id": self.id,
            "name": self.name,
            "category": self.category,
            "kind": self.kind,
            "salesforce_id": self.salesforce_id,
            "start_date": start and start.text,
            "start_at": start and start.at,
            "end_date": end and end.text,
            "end_at": end and end.at,
            "due": self.due,
            "done_at": self.done_at,
            "done_by": self.done_by,
            "created_at": self.created_at,
            "created_by": self.created_by,
            "channel": self.channel,
            "account": self.account,
            "address": self.address,
            "interaction_id": self.interaction_id,
            "version": self.version,
        }

    @property
    def due(self) -> int:
        """Until when it is to be done, for the order of tasks; those without an end come last."""
        return _END_OF_TIME if self.span.end is None else self.span.end.at

    def state(self, now: int) -> str:
        """Return what is to be done with it at a time: `done`, `overdue`, `waiting` for its start, or `open`."""
        start, end = self.span.start, self.span.end
        if self.done_at is not None:
            return "done"
        if end is not None and end.at < now:
            return "overdue"
        return "waiting" if start is not None and start.at > now else "open"
