"""Cases, the interactions that belong to them, and their history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cases_counter",
        sa.Column("series", sa.String(16), primary_key=True, comment="prefix and year, such as C-2026"),
        sa.Column("last", sa.BigInteger, nullable=False, comment="the last number that was given out"),
    )
    op.create_table(
        "cases_case",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("reference", sa.String(64), nullable=False, unique=True),
        sa.Column("type", sa.String(128), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False, comment="JSON: field → canonical text; fields without a value are not there"),
        sa.Column("channel", sa.String(64)),
        sa.Column("account", sa.String(255)),
        sa.Column("address", sa.String(512)),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="one more with each change"),
    )
    op.create_index("ix_cases_case_opened", "cases_case", ["opened_at", "id"])
    op.create_index("ix_cases_case_customer", "cases_case", ["address", "account", "channel", "opened_at"])
    op.create_table(
        "cases_link",
        sa.Column("interaction_id", sa.String(255), primary_key=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases_case.id"), nullable=False),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
        comment="Which case an interaction belongs to",
    )
    op.create_index("ix_cases_link_case_id", "cases_link", ["case_id"])
    op.create_table(
        "cases_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("cases_case.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(16), nullable=False, comment="flow or staff"),
        sa.Column("name", sa.String(512), nullable=False, comment="the flow and its version, or who of the staff"),
        sa.Column("did", sa.String(32), nullable=False),
        sa.Column("about", sa.Text, nullable=False, comment="JSON: what changed, or which interaction"),
    )
    op.create_index("ix_cases_history_case", "cases_history", ["case_id", "id"])


def downgrade() -> None:
    """Remove them."""
    for table in ("cases_history", "cases_link", "cases_case", "cases_counter"):
        op.drop_table(table)
