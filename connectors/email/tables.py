"""The tables of e-mails. Times are epoch milliseconds; lists of addresses are JSON."""

from sqlalchemy import JSON, BigInteger, Column, Index, MetaData, String, Table, Text

metadata = MetaData()

sending = Table(
    "email_sending",
    metadata,
    Column("command_id", String(255), primary_key=True),
    Column("giving", JSON, nullable=False, comment="addresses for whom a message is under way, until the server replies"),
    Column("accepted", JSON, nullable=False, comment="addresses for whom a server has taken it"),
    Column("refused", JSON, nullable=False, comment="addresses that a server does not take it for"),
    Column("began_at", BigInteger, nullable=False, index=True),
    Column("outcome", String(64), comment="what was answered; addresses are gone by then"),
    Column("reason", String(64)),
    Column("detail", Text),
    comment="Sendings, noted step by step, so that one which was interrupted goes on where it stopped and repeats nothing",
)

outgoing_interaction = Table(
    "email_outgoing_interactions",
    metadata,
    Column("id", String(255), primary_key=True, comment="the command's id"),
    Column("conversation_id", String(255), nullable=False),
    Column("interaction_id", String(255), nullable=False),
    Column("flow", String(255), nullable=False),
    Column("action", String(255), nullable=False),
    Column("queue", String(255)),
    Column("mailbox", String(255)),
    Column("template", String(255), nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("recipients", JSON, nullable=False, comment="to, cc and bcc, each a list of addresses"),
    Column("accepted", JSON, nullable=False),
    Column("refused", JSON, nullable=False),
    Column("unknown", JSON, nullable=False, comment="addresses for whom nobody can tell whether it was taken"),
    Column("message_id", String(512), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Index("ix_email_outgoing_sent", "sent_at", "id"),
    Index("ix_email_outgoing_conversation", "conversation_id"),
    comment="E-mails that flows sent as outgoing interactions",
)
