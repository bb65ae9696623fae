"""Runs the whole platform on one machine, with a private broker and database of its own."""
