"""Commands of the web service family: HTTP calls."""
