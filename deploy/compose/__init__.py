"""Describes an installation on one machine with containers: `python -m deploy.compose`."""
