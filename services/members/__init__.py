"""Who: joining, profiles, organisations, regions, roles, sign-in."""
