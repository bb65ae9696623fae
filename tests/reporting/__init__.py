"""Proves what reporting adds up, against a real database."""
