"""Campaigns, their numbers and targets, and what dialers reported."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "campaigns_campaign",
        sa.Column("medium", sa.String(16), primary_key=True),
        sa.Column("reference", sa.String(128), primary_key=True),
        sa.Column("closed_at", sa.BigInteger, comment="null: open"),
        sa.Column("closed_by", sa.String(128)),
        comment="Campaigns that have had targets, or were closed; what else they are is in their definitions",
    )
    op.create_table(
        "campaigns_number",
        sa.Column("medium", sa.String(16), primary_key=True),
        sa.Column("campaign", sa.String(128), primary_key=True),
        sa.Column("phone_number", sa.String(16), primary_key=True),
        comment="Numbers that a campaign has, each once: its key is what makes looking for a duplicate and inserting one step",
    )
    op.create_table(
        "campaigns_target",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("phone_number", sa.String(16), nullable=False, comment="E.164"),
        sa.Column("priority", sa.Integer, nullable=False, comment="the lowest number is contacted first"),
        sa.Column("start_date", sa.String(40), nullable=False, comment="ISO 8601 with the flow's offset"),
        sa.Column("due_at", sa.BigInteger, nullable=False, comment="from when on it may be contacted: its start date, or its next try"),
        sa.Column("layout", sa.String(128)),
        sa.Column("fields", sa.Text, nullable=False, comment="JSON: field → canonical text"),
        sa.Column("interaction_id", sa.String(255), nullable=False),
        sa.Column("flow", sa.String(128), nullable=False),
        sa.Column("inserted_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, comment="how many results were reported"),
        sa.Column("result", sa.String(16), comment="the final one; null: still to be contacted"),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("lease", sa.String(64), unique=True, comment="what the dialer that has it shows; null: nobody has it"),
        sa.Column("leased_by", sa.String(128)),
        sa.Column("leased_until", sa.BigInteger, nullable=False, comment="0: nobody has it"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_campaigns_target_next",
        "campaigns_target",
        ["medium", "campaign", "priority", "due_at", "id"],
        postgresql_where=sa.text("result IS NULL"),
        sqlite_where=sa.text("result IS NULL"),
    )
    op.create_index("ix_campaigns_target_campaign", "campaigns_target", ["medium", "campaign", "id"])
    op.create_table(
        "campaigns_report",
        sa.Column("lease", sa.String(64), primary_key=True),
        sa.Column("target_id", number, sa.ForeignKey("campaigns_target.id"), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("reported_at", sa.BigInteger, nullable=False),
        sa.Column("reported_by", sa.String(128), nullable=False),
        comment="What dialers reported, one row for each attempt",
    )
    op.create_index("ix_campaigns_report_target_id", "campaigns_report", ["target_id"])


def downgrade() -> None:
    """Remove them."""
    for table in ("campaigns_report", "campaigns_target", "campaigns_number", "campaigns_campaign"):
        op.drop_table(table)
