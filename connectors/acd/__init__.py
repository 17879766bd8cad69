"""Commands of the ACD family: contacts are distributed to agents."""
