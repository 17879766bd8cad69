"""A mail client for every family that writes to customers: mailboxes by name, one message at a time."""
