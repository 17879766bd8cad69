"""Commands of the SMS family (§ 3.2), the record of outgoing interactions, and its page."""
