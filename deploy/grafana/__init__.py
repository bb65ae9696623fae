"""Describes the dashboards as data, written out by `python -m deploy.grafana`."""
