"""The tables of records whose fields definitions declare; each family has a set of its own."""

from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

LONGEST_NAME: Final = 128
"""Characters of a field's name; no definition has a longer one."""
LONGEST_COLLECTION: Final = 512

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER column only


@dataclass(frozen=True, slots=True)
class RecordTables:
    """A set of tables.

    A record is kept whole, as JSON, because definitions gain and lose fields at any time and a record outlives them. It is found by its
    keys: a digest of collection, field and what the value is compared by. A digest has the same few bytes whatever the value is, so that
    every field of every collection is indexed, long texts too. docs/adr has the figures.
    """

    collections: Table
    """One row for each collection: what is locked to change it, and the types by which its keys were made."""
    records: Table
    """The records; their numbers ascend in the order in which they were added."""
    keys: Table
    """One row for each value of a record; a field without a value has none."""

    @classmethod
    def of(cls, metadata: MetaData, family: str) -> Self:
        """Add a family's set to its metadata."""
        collections = Table(
            f"{family}_collections",
            metadata,
            Column("name", String(LONGEST_COLLECTION), primary_key=True),
            Column("types", Text, nullable=False),
        )
        records = Table(
            f"{family}_records",
            metadata,
            Column("id", _NUMBER, primary_key=True, autoincrement=True),
            Column("collection", String(LONGEST_COLLECTION), ForeignKey(collections.c.name), nullable=False),
            Column("content", Text, nullable=False),
            Column("added_at", BigInteger, nullable=False),
            Column("changed_at", BigInteger, nullable=False),
            Column("version", Integer, nullable=False),
            Index(f"ix_{family}_records_collection", "collection", "id"),
            sqlite_autoincrement=True,  # a number is never given twice, also after the newest record was deleted
        )
        keys = Table(
            f"{family}_keys",
            metadata,
            Column("record", _NUMBER, ForeignKey(records.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
            Column("field", String(LONGEST_NAME), primary_key=True),
            Column("key", LargeBinary(16), nullable=False),
            Index(f"ix_{family}_keys_key", "key", "record"),
        )
        return cls(collections, records, keys)
