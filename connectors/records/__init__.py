"""Records whose fields definitions declare, kept in SQL and seen by the staff: rows of custom databases, cards of directories."""
