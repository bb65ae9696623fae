"""The platform's services and the three rooms they share."""
