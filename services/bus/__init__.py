"""Carries an event from one committed transaction to the next, the same way for everyone."""
