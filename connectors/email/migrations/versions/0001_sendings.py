"""Sendings and outgoing interactions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "email_sending",
        sa.Column("command_id", sa.String(255), primary_key=True),
        sa.Column(
            "giving",
            sa.JSON,
            nullable=False,
            comment="addresses for whom a message is under way, until the server replies",
        ),
        sa.Column("accepted", sa.JSON, nullable=False, comment="addresses for whom a server has taken it"),
        sa.Column("refused", sa.JSON, nullable=False, comment="addresses that a server does not take it for"),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(64), comment="what was answered; addresses are gone by then"),
        sa.Column("reason", sa.String(64)),
        sa.Column("detail", sa.Text),
        comment="Sendings, noted step by step, so that one which was interrupted goes on where it stopped and repeats nothing",
    )
    op.create_table(
        "email_outgoing_interactions",
        sa.Column("id", sa.String(255), primary_key=True, comment="the command's id"),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("interaction_id", sa.String(255), nullable=False),
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("action", sa.String(255), nullable=False),
        sa.Column("queue", sa.String(255)),
        sa.Column("mailbox", sa.String(255)),
        sa.Column("template", sa.String(255), nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("recipients", sa.JSON, nullable=False, comment="to, cc and bcc, each a list of addresses"),
        sa.Column("accepted", sa.JSON, nullable=False),
        sa.Column("refused", sa.JSON, nullable=False),
        sa.Column("unknown", sa.JSON, nullable=False, comment="addresses for whom nobody can tell whether it was taken"),
        sa.Column("message_id", sa.String(512), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        comment="E-mails that flows sent as outgoing interactions",
    )
    op.create_index("ix_email_outgoing_sent", "email_outgoing_interactions", ["sent_at", "id"])
    op.create_index("ix_email_outgoing_conversation", "email_outgoing_interactions", ["conversation_id"])


def downgrade() -> None:
    """Remove both tables."""
    op.drop_table("email_outgoing_interactions")
    op.drop_table("email_sending")
