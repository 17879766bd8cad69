"""The tables of custom databases."""

from sqlalchemy import MetaData

from connectors.records.record_tables import RecordTables

metadata = MetaData()

rows = RecordTables.of(metadata, "databases")
