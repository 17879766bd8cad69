"""Executed commands and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "executed",
        sa.Column("family", sa.String(32), primary_key=True),
        sa.Column("command_id", sa.String(255), primary_key=True),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("detail", sa.Text),
        sa.Column("results", sa.JSON, nullable=False),
        sa.Column("executed_at", sa.BigInteger, nullable=False, comment="epoch ms"),
        comment="Commands that have been executed, each written in one transaction with its effect",
    )
    op.create_index("ix_executed_executed_at", "executed", ["executed_at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("family", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("schema", sa.String(64), nullable=False),
        sa.Column("datum", sa.JSON, nullable=False),
        comment="Records for the topic `responses`, each written in one transaction with what it tells of; deleted once Kafka has it",
    )
    op.create_index("ix_outbox_family", "outbox", ["family"])


def downgrade() -> None:
    """Remove both tables."""
    op.drop_table("outbox")
    op.drop_table("executed")
