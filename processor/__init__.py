"""Smart routing for messaging: the engine, its flows and actions, and the edges that run it."""
