"""What operators and authors see of live conversations: the flows' drawings, and the journal's lines as they are written."""
