"""Describes an installation on Kubernetes as data, written out by `python -m deploy.kubernetes`."""
