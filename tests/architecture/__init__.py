"""Proves that the house is built as it is drawn."""
