"""Invoices, payments, and what providers told."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "billing_event",
        sa.Column("module", sa.String(128), primary_key=True),
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        comment="What providers have told, so that nothing is heeded twice",
    )
    op.create_index("ix_billing_event_at", "billing_event", ["at"])
    op.create_table(
        "billing_invoice",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(128), nullable=False),
        sa.Column("number_key", sa.String(128), nullable=False, comment="the number without case and punctuation"),
        sa.Column("amount", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("customer_number", sa.String(128)),
        sa.Column("customer_key", sa.String(128)),
        sa.Column("name", sa.Text),
        sa.Column("email", sa.String(320)),
        sa.Column("email_key", sa.String(320)),
        sa.Column("mobile_phone", sa.String(32), comment="E.164"),
        sa.Column("landline_phone", sa.String(32), comment="E.164"),
        sa.Column("issued_on", sa.String(10)),
        sa.Column("due_on", sa.String(10)),
        sa.Column("status", sa.String(128), nullable=False),
        sa.Column("paid_by", sa.String(255), comment="the payment that paid it"),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="one more with each change"),
    )
    op.create_index("ix_billing_invoice_changed", "billing_invoice", ["changed_at", "id"])
    op.create_index("ix_billing_invoice_customer", "billing_invoice", ["customer_key"])
    op.create_index("ix_billing_invoice_email", "billing_invoice", ["email_key"])
    op.create_index("ix_billing_invoice_landline", "billing_invoice", ["landline_phone"])
    op.create_index("ix_billing_invoice_mobile", "billing_invoice", ["mobile_phone"])
    op.create_index("ix_billing_invoice_number", "billing_invoice", ["number_key"])
    op.create_table(
        "billing_payment",
        sa.Column("id", sa.String(255), primary_key=True, comment="the command's id"),
        sa.Column("code", sa.String(32), nullable=False, unique=True, comment="what its link is about; drawn at random"),
        sa.Column("conversation_id", sa.String(255), nullable=False),
        sa.Column("module", sa.String(128), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False, comment="sandbox, or whose pages take the money"),
        sa.Column("sandbox", sa.Boolean, nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("locale", sa.String(64)),
        sa.Column("invoice_id", sa.String(64), sa.ForeignKey("billing_invoice.id")),
        sa.Column("amount", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("invoice_reference", sa.Text, nullable=False),
        sa.Column("customer_reference", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("customized_data", sa.Text, nullable=False),
        sa.Column("mobile_phone", sa.String(32)),
        sa.Column("landline_phone", sa.String(32)),
        sa.Column("email", sa.String(320)),
        sa.Column("state", sa.String(16), nullable=False, comment="open, closing, processing, paid, ended or cancelled"),
        sa.Column("outcome", sa.String(32), comment="the last result; of a payment that is closing, the one to come"),
        sa.Column("reason", sa.String(128)),
        sa.Column("tries", sa.Integer, nullable=False, comment="results so far; whoever acts on an older one is too late"),
        sa.Column("session", sa.Integer, nullable=False, comment="how many pages of the provider's there were"),
        sa.Column("session_id", sa.String(255)),
        sa.Column("session_url", sa.Text),
        sa.Column("session_expires_at", sa.BigInteger),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger, comment="when the customer's link was given away; null: not yet"),
        sa.Column("answer_until", sa.BigInteger, comment="after this nobody awaits the link any more"),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_index("ix_billing_payment_begun", "billing_payment", ["begun_at", "id"])
    op.create_index("ix_billing_payment_invoice_id", "billing_payment", ["invoice_id"])
    op.create_index("ix_billing_payment_session_id", "billing_payment", ["session_id"])
    op.create_index("ix_billing_payment_state", "billing_payment", ["state", "expires_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("billing_payment")
    op.drop_table("billing_invoice")
    op.drop_table("billing_event")
