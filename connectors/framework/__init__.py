"""What every connector shares: consume commands, execute each once, retry, respond, commit."""
