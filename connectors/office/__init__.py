"""The staff's web application: one sign-in, and the pages and APIs that families add."""
