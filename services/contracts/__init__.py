"""What the services say to each other: names and shapes, no behaviour."""
