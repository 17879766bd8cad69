"""Rows of custom databases, and the keys by which they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "databases_collections",
        sa.Column("name", sa.String(512), primary_key=True),
        sa.Column("types", sa.Text, nullable=False),
    )
    op.create_table(
        "databases_records",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("collection", sa.String(512), sa.ForeignKey("databases_collections.name"), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_databases_records_collection", "databases_records", ["collection", "id"])
    op.create_table(
        "databases_keys",
        sa.Column("record", _NUMBER, sa.ForeignKey("databases_records.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("field", sa.String(128), primary_key=True),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
    )
    op.create_index("ix_databases_keys_key", "databases_keys", ["key", "record"])


def downgrade() -> None:
    """Remove them."""
    for table in ("databases_keys", "databases_records", "databases_collections"):
        op.drop_table(table)
