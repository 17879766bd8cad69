"""The tables of campaigns. Times are epoch milliseconds."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

campaign = Table(
    "campaigns_campaign",
    metadata,
    Column("medium", String(16), primary_key=True),
    Column("reference", String(128), primary_key=True),
    Column("closed_at", BigInteger, comment="null: open"),
    Column("closed_by", String(128)),
    comment="Campaigns that have had targets, or were closed; what else they are is in their definitions",
)

number = Table(
    "campaigns_number",
    metadata,
    Column("medium", String(16), primary_key=True),
    Column("campaign", String(128), primary_key=True),
    Column("phone_number", String(16), primary_key=True),
    comment="Numbers that a campaign has, each once: its key is what makes looking for a duplicate and inserting one step",
)

target = Table(
    "campaigns_target",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("medium", String(16), nullable=False),
    Column("campaign", String(128), nullable=False),
    Column("phone_number", String(16), nullable=False, comment="E.164"),
    Column("priority", Integer, nullable=False, comment="the lowest number is contacted first"),
    Column("start_date", String(40), nullable=False, comment="ISO 8601 with the flow's offset"),
    Column("due_at", BigInteger, nullable=False, comment="from when on it may be contacted: its start date, or its next try"),
    Column("layout", String(128)),
    Column("fields", Text, nullable=False, comment="JSON: field → canonical text"),
    Column("interaction_id", String(255), nullable=False),
    Column("flow", String(128), nullable=False),
    Column("inserted_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, comment="how many results were reported"),
    Column("result", String(16), comment="the final one; null: still to be contacted"),
    Column("finished_at", BigInteger),
    Column("lease", String(64), unique=True, comment="what the dialer that has it shows; null: nobody has it"),
    Column("leased_by", String(128)),
    Column("leased_until", BigInteger, nullable=False, comment="0: nobody has it"),
    # What is to be contacted, in its order. Were `result` a column of it, PostgreSQL would sort all rows (of 100,000: 1.2 s, not 3 ms).
    Index(
        "ix_campaigns_target_next",
        "medium",
        "campaign",
        "priority",
        "due_at",
        "id",
        postgresql_where=text("result IS NULL"),
        sqlite_where=text("result IS NULL"),
    ),
    Index("ix_campaigns_target_campaign", "medium", "campaign", "id"),
    sqlite_autoincrement=True,
)

report = Table(
    "campaigns_report",
    metadata,
    Column("lease", String(64), primary_key=True),
    Column("target_id", _NUMBER, ForeignKey("campaigns_target.id"), nullable=False, index=True),
    Column("result", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("retry_at", BigInteger),
    Column("reported_at", BigInteger, nullable=False),
    Column("reported_by", String(128), nullable=False),
    comment="What dialers reported, one row for each attempt",
)
