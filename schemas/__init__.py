"""What all parties agree on: topics, records, settings and the names of conversations. Imports nothing else of this project."""
