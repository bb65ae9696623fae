"""Proves that the services understand each other."""
