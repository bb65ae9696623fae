"""A bank of any size with years behind it, written set-based into exchanges and ledger."""
