"""Commands of the campaigns family: targets of outbound campaigns, and the dialers that contact them."""
