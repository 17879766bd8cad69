"""The table of tasks. Times are epoch milliseconds."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

task = Table(
    "tasks_task",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("category", String(255), nullable=False),
    Column("kind", String(16), nullable=False, comment="standard or salesforce"),
    Column("salesforce_id", String(18)),
    Column("start_date", String(40), comment="ISO 8601 with offset, as it was given"),
    Column("start_at", BigInteger),
    Column("end_date", String(40), comment="ISO 8601 with offset, as it was given"),
    Column("end_at", BigInteger),
    Column("due", BigInteger, nullable=False, comment="what open tasks are listed by: end_at, or the end of time"),
    Column("done_at", BigInteger),
    Column("done_by", String(255)),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(512), nullable=False, comment="the flow and its version, or who of the staff"),
    Column("channel", String(64)),
    Column("account", String(255)),
    Column("address", String(512)),
    Column("interaction_id", String(255)),
    Column("version", Integer, nullable=False, comment="one more with each change"),
    Index("ix_tasks_task_due", "due", "id"),
    Index("ix_tasks_task_done", "done_at", "id"),
)
