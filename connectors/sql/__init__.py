"""The SQL store of connectors: PostgreSQL for real, SQLite where nothing is at hand."""
