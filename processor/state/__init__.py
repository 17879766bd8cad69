"""A partition's tables in RocksDB: what can always be rebuilt from the changelog, and is never ahead of it."""
