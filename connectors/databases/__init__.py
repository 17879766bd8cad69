"""Custom databases (§ 6.4 to 6.6): rows whose columns definitions declare."""
