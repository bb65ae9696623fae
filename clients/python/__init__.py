"""A client in Python: sign-in by key, and an example."""
