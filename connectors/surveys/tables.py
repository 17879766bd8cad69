"""The tables of surveys. Times are epoch milliseconds."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, MetaData, String, Table, Text

metadata = MetaData()

edition = Table(
    "surveys_edition",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("survey", String(128), nullable=False, index=True),
    Column("document", Text, nullable=False, comment="JSON: texts and questions"),
    Column("first_at", BigInteger, nullable=False),
    comment="Questions as they were when surveys were attached: a customer answers what there was then, whatever is published later",
)

attachment = Table(
    "surveys_attachment",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("interaction_id", String(255), nullable=False, unique=True),
    Column("conversation_id", String(255), nullable=False),
    Column("command_id", String(255), nullable=False),
    Column("survey", String(128), nullable=False),
    Column("edition", String(64), ForeignKey("surveys_edition.digest"), comment="null: an outside provider has the questions"),
    Column("locale", String(64)),
    Column("channel", String(64), nullable=False),
    Column("flow", String(128), nullable=False),
    Column("attached_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("invites", Boolean, nullable=False, comment="whether the connector itself invites the customer"),
    Column("invited_at", BigInteger),
    Column("answered_at", BigInteger),
    Index("ix_surveys_attachment_answered", "survey", "answered_at", "id"),
)

answers = Table(
    "surveys_answers",
    metadata,
    Column("attachment_id", String(32), ForeignKey("surveys_attachment.id"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
