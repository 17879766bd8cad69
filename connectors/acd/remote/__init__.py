"""An ACD that a company already has: commands go out by REST, what becomes of them comes in by signed webhooks."""
