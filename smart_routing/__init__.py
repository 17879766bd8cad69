"""The command line `smart-routing` and what it starts: the place where the parts of the system are wired together."""
