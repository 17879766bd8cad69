"""The table of outgoing interactions. Times are epoch milliseconds."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

LONGEST_STATUS: Final = 32

outgoing = Table(
    "sms_outgoing_interactions",
    metadata,
    Column("command_id", String(255), primary_key=True),
    Column("conversation_id", String(255), nullable=False),
    Column("interaction_id", String(255), nullable=False),
    Column("flow", String(255), nullable=False),
    Column("template", String(255), nullable=False),
    Column("sender", String(64), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("status", String(LONGEST_STATUS), nullable=False, comment="asked, refused, or the gateway's last word"),
    Column("reason", String(64), comment="why not: a reason code of ours, or the gateway's error code"),
    Column("message_id", String(64), comment="the gateway's id"),
    Column("asked_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("ix_sms_outgoing_interactions_asked", "asked_at", "command_id"),
    Index("ix_sms_outgoing_interactions_recipient", "recipient", "asked_at"),
)
