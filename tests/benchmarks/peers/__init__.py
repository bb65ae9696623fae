"""Small programs that do the ledger's work the way one would without it."""
