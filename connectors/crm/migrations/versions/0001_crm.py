"""Cards, the keys by which they are found, and which interaction belongs to which card."""

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
        "crm_collections",
        sa.Column("name", sa.String(512), primary_key=True),
        sa.Column("types", sa.Text, nullable=False),
    )
    op.create_table(
        "crm_records",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("collection", sa.String(512), sa.ForeignKey("crm_collections.name"), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_crm_records_collection", "crm_records", ["collection", "id"])
    op.create_table(
        "crm_keys",
        sa.Column("record", _NUMBER, sa.ForeignKey("crm_records.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("field", sa.String(128), primary_key=True),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
    )
    op.create_index("ix_crm_keys_key", "crm_keys", ["key", "record"])
    op.create_table(
        "crm_associations",
        sa.Column("interaction_id", sa.String(255), primary_key=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("crm", sa.String(128), nullable=False),
        sa.Column("object", sa.String(128), nullable=False),
        sa.Column("card", sa.String(512), nullable=False),
        sa.Column("associated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_crm_associations_card", "crm_associations", ["kind", "crm", "object", "card"])


def downgrade() -> None:
    """Remove them."""
    for table in ("crm_associations", "crm_keys", "crm_records", "crm_collections"):
        op.drop_table(table)
