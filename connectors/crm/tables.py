"""The tables of cards, and of the interactions that belong to them."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table

from connectors.records.record_tables import LONGEST_NAME, RecordTables

LONGEST_CARD: Final = 512
"""Characters of a card's id; a CRM elsewhere makes its own."""

metadata = MetaData()

cards = RecordTables.of(metadata, "crm")

associations = Table(
    "crm_associations",
    metadata,
    Column("interaction_id", String(255), primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("crm", String(LONGEST_NAME), nullable=False),
    Column("object", String(LONGEST_NAME), nullable=False),
    Column("card", String(LONGEST_CARD), nullable=False),
    Column("associated_at", BigInteger, nullable=False),
    Index("ix_crm_associations_card", "kind", "crm", "object", "card"),
)
"""Which card an interaction belongs to; `crm` is the definition's id, `object` empty for a directory, `associated_at` epoch ms."""
