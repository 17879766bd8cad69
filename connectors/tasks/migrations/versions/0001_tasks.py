"""Tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tasks_task",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("category", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False, comment="standard or salesforce"),
        sa.Column("salesforce_id", sa.String(18)),
        sa.Column("start_date", sa.String(40), comment="ISO 8601 with offset, as it was given"),
        sa.Column("start_at", sa.BigInteger),
        sa.Column("end_date", sa.String(40), comment="ISO 8601 with offset, as it was given"),
        sa.Column("end_at", sa.BigInteger),
        sa.Column("due", sa.BigInteger, nullable=False, comment="what open tasks are listed by: end_at, or the end of time"),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("done_by", sa.String(255)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(512), nullable=False, comment="the flow and its version, or who of the staff"),
        sa.Column("channel", sa.String(64)),
        sa.Column("account", sa.String(255)),
        sa.Column("address", sa.String(512)),
        sa.Column("interaction_id", sa.String(255)),
        sa.Column("version", sa.Integer, nullable=False, comment="one more with each change"),
    )
    op.create_index("ix_tasks_task_due", "tasks_task", ["due", "id"])
    op.create_index("ix_tasks_task_done", "tasks_task", ["done_at", "id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("tasks_task")
