"""Measures the platform beside what anyone would pick instead, on one machine in one run."""
