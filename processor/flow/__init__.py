"""Flow documents: read, checked, drawn, described and prepared for publishing. Knows action types only as they are handed in."""
