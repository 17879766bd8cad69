"""Surveys as they were attached, and what customers answered."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "surveys_edition",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("survey", sa.String(128), nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="JSON: texts and questions"),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        comment="Questions as they were when surveys were attached: a customer answers what there was then, whatever is published later",
    )
    op.create_index("ix_surveys_edition_survey", "surveys_edition", ["survey"])
    op.create_table(
        "surveys_attachment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("interaction_id", sa.String(255), nullable=False, unique=True),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("command_id", sa.String(255), nullable=False),
        sa.Column("survey", sa.String(128), nullable=False),
        sa.Column("edition", sa.String(64), sa.ForeignKey("surveys_edition.digest"), comment="null: an outside provider has the questions"),
        sa.Column("locale", sa.String(64)),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("flow", sa.String(128), nullable=False),
        sa.Column("attached_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("invites", sa.Boolean, nullable=False, comment="whether the connector itself invites the customer"),
        sa.Column("invited_at", sa.BigInteger),
        sa.Column("answered_at", sa.BigInteger),
    )
    op.create_index("ix_surveys_attachment_answered", "surveys_attachment", ["survey", "answered_at", "id"])
    op.create_table(
        "surveys_answers",
        sa.Column("attachment_id", sa.String(32), sa.ForeignKey("surveys_attachment.id"), primary_key=True),
        sa.Column("question", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("surveys_answers", "surveys_attachment", "surveys_edition"):
        op.drop_table(table)
