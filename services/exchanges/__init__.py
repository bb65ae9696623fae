"""What: listings, search and the life of an exchange."""
