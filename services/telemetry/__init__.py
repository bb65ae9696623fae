"""How we see the platform: metrics, logs, health."""
