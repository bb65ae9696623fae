"""The whole platform, spoken to through its one door."""
