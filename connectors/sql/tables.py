"""What every family has in the SQL store: which commands it has executed, and what it has still to tell."""

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, String, Table, Text

metadata = MetaData()

executed = Table(
    "executed",
    metadata,
    Column("family", String(32), primary_key=True),
    Column("command_id", String(255), primary_key=True),
    Column("outcome", String(64), nullable=False),
    Column("reason", String(64)),
    Column("detail", Text),
    Column("results", JSON, nullable=False),
    Column("executed_at", BigInteger, nullable=False, index=True, comment="epoch ms"),
    comment="Commands that have been executed, each written in one transaction with its effect",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("family", String(32), nullable=False, index=True),
    Column("conversation_id", String(255), nullable=False),
    Column("schema", String(64), nullable=False),
    Column("datum", JSON, nullable=False),
    comment="Records for the topic `responses`, each written in one transaction with what it tells of; deleted once Kafka has it",
)
