"""The only place where minutes move."""
