"""Outgoing interactions by SMS."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sms_outgoing_interactions",
        sa.Column("command_id", sa.String(255), primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("interaction_id", sa.String(255), nullable=False),
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("template", sa.String(255), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("status", sa.String(32), nullable=False, comment="asked, refused, or the gateway's last word"),
        sa.Column("reason", sa.String(64), comment="why not: a reason code of ours, or the gateway's error code"),
        sa.Column("message_id", sa.String(64), comment="the gateway's id"),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sms_outgoing_interactions_asked", "sms_outgoing_interactions", ["asked_at", "command_id"])
    op.create_index("ix_sms_outgoing_interactions_recipient", "sms_outgoing_interactions", ["recipient", "asked_at"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("sms_outgoing_interactions")
