"""The tables of invoices and payments. Times are epoch milliseconds, dates ISO 8601, amounts decimals in the currency's main unit."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from connectors.billing.money import Amount

metadata = MetaData()

LONGEST_WORD: Final = 128
"""Characters of numbers, references and statuses."""

invoice = Table(
    "billing_invoice",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", String(LONGEST_WORD), nullable=False),
    Column("number_key", String(LONGEST_WORD), nullable=False, comment="the number without case and punctuation"),
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("customer_number", String(LONGEST_WORD)),
    Column("customer_key", String(LONGEST_WORD)),
    Column("name", Text),
    Column("email", String(320)),
    Column("email_key", String(320)),
    Column("mobile_phone", String(32), comment="E.164"),
    Column("landline_phone", String(32), comment="E.164"),
    Column("issued_on", String(10)),
    Column("due_on", String(10)),
    Column("status", String(LONGEST_WORD), nullable=False),
    Column("paid_by", String(255), comment="the payment that paid it"),
    Column("changed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, comment="one more with each change"),
    Index("ix_billing_invoice_number", "number_key"),
    Index("ix_billing_invoice_customer", "customer_key"),
    Index("ix_billing_invoice_email", "email_key"),
    Index("ix_billing_invoice_mobile", "mobile_phone"),
    Index("ix_billing_invoice_landline", "landline_phone"),
    Index("ix_billing_invoice_changed", "changed_at", "id"),
)

payment = Table(
    "billing_payment",
    metadata,
    Column("id", String(255), primary_key=True, comment="the command's id"),
    Column("code", String(32), nullable=False, unique=True, comment="what its link is about; drawn at random"),
    Column("conversation_id", String(255), nullable=False),
    Column("module", String(LONGEST_WORD), nullable=False),
    Column("provider", String(32), nullable=False, comment="sandbox, or whose pages take the money"),
    Column("sandbox", Boolean, nullable=False),
    Column("mode", String(32), nullable=False),
    Column("locale", String(64)),
    Column("invoice_id", String(64), ForeignKey("billing_invoice.id"), index=True),
    Column("amount", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("name", Text, nullable=False),
    Column("invoice_reference", Text, nullable=False),
    Column("customer_reference", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("customized_data", Text, nullable=False),
    Column("mobile_phone", String(32)),
    Column("landline_phone", String(32)),
    Column("email", String(320)),
    Column("state", String(16), nullable=False, comment="open, closing, processing, paid, ended or cancelled"),
    Column("outcome", String(32), comment="the last result; of a payment that is closing, the one to come"),
    Column("reason", String(LONGEST_WORD)),
    Column("tries", Integer, nullable=False, comment="results so far; whoever acts on an older one is too late"),
    Column("session", Integer, nullable=False, comment="how many pages of the provider's there were"),
    Column("session_id", String(255), index=True),
    Column("session_url", Text),
    Column("session_expires_at", BigInteger),
    Column("begun_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger, comment="when the customer's link was given away; null: not yet"),
    Column("answer_until", BigInteger, comment="after this nobody awaits the link any more"),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("ix_billing_payment_begun", "begun_at", "id"),
    Index("ix_billing_payment_state", "state", "expires_at"),
)

event = Table(
    "billing_event",
    metadata,
    Column("module", String(LONGEST_WORD), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    comment="What providers have told, so that nothing is heeded twice",
)
