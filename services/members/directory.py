"""Brings the shipped directory of organisations into the database, whatever is there already.

Called by migrations: `sql/0002_members_organisations.py` is the first; a change to the
CSV files is published by one more like it.
"""

from importlib import resources
from pathlib import Path
from typing import Any

import psycopg

from services.members import organisation, organisation_store

FOLDER = Path(str(resources.files("services.members"))) / "data"


def load(conn: psycopg.Connection[Any]) -> None:
    """Add what is new and correct what has changed; nothing a member names is removed.

    Raises:
        ValueError: the files contradict each other.
    """
    found = organisation.read(FOLDER)
    organisation_store.keep_regions(conn, found.regions)
    organisation_store.keep_organisations(conn, found.organisations)
    organisation_store.forget_belongings(conn)
    organisation_store.add_icb_regions(conn, found.icb_regions)
    organisation_store.add_organisation_icbs(conn, found.organisation_icbs)
    organisation_store.add_successions(conn, found.successions)
