"""The floor: contacts that wait, agents who work, and who is offered what; all of it in Redis, changed by scripts only."""
