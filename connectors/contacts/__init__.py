"""Commands of the contacts family: how often a customer has been in touch, and with whom."""
