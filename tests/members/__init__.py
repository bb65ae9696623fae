"""Proofs of the members service."""
