"""The tables of cases. Times are epoch milliseconds."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

LONGEST_REFERENCE: Final = 64

counter = Table(
    "cases_counter",
    metadata,
    Column("series", String(16), primary_key=True, comment="prefix and year, such as C-2026"),
    Column("last", BigInteger, nullable=False, comment="the last number that was given out"),
)

case = Table(
    "cases_case",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(LONGEST_REFERENCE), nullable=False, unique=True),
    Column("type", String(128), nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("fields", Text, nullable=False, comment="JSON: field → canonical text; fields without a value are not there"),
    Column("channel", String(64)),
    Column("account", String(255)),
    Column("address", String(512)),
    Column("opened_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, comment="one more with each change"),
    Index("ix_cases_case_opened", "opened_at", "id"),
    Index("ix_cases_case_customer", "address", "account", "channel", "opened_at"),
)

link = Table(
    "cases_link",
    metadata,
    Column("interaction_id", String(255), primary_key=True),
    Column("case_id", String(36), ForeignKey("cases_case.id"), nullable=False, index=True),
    Column("linked_at", BigInteger, nullable=False),
    comment="Which case an interaction belongs to",
)

history = Table(
    "cases_history",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("case_id", String(36), ForeignKey("cases_case.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", String(16), nullable=False, comment="flow or staff"),
    Column("name", String(512), nullable=False, comment="the flow and its version, or who of the staff"),
    Column("did", String(32), nullable=False),
    Column("about", Text, nullable=False, comment="JSON: what changed, or which interaction"),
    Index("ix_cases_history_case", "case_id", "id"),
)
