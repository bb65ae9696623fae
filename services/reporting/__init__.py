"""What it adds up to."""
