"""Sendings that began long ago are found without reading all."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_email_sending_began_at", "email_sending", ["began_at"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_email_sending_began_at", "email_sending")
