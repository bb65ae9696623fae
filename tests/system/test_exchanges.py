"""Exchanges through the whole platform: all settled, nothing lost, doubled or told twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy import audit
from tests.bus.running import eventually
from tests.system.conftest import REPOSITORY, launcher

EXCHANGES = int(os.environ.get("TIMEBANK_SYSTEM_EXCHANGES", "160"))
"""In all; the long form is 2000."""
MAILS = 6
POLL = 0.1
"""Seconds between two looks of a client at its exchange: sixteen who look all the time would
leave the platform little time for the exchanges."""
PROCESSES = ("members", "exchanges", "ledger", "notifications", "reporting", "gateway")
SERVERS = ("broker", "database")


class Traffic:
    """Clients at work in a process of their own."""

    def __init__(self, platform, *, clients, exchanges, patience=30):
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.system.traffic", "--gateway", platform.gateway_url),
                *("--clients", str(clients), "--exchanges", str(exchanges)),
                *("--repeat", "0.05", "--patience", str(patience), "--poll", str(POLL)),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ended(self):
        said, _ = self.process.communicate(timeout=1200)
        return json.loads(said)


def figures(platform):
    return audit.run(platform.database_urls, 0)


def count(platform, service, statement, *values):
    with psycopg.connect(platform.database_urls[service]) as conn:
        ((found,),) = conn.execute(statement, values).fetchall()
        return found


def settled(platform, ids):
    return count(
        platform,
        "exchanges",
        "select count(*) from exchange where id = any(%s::uuid[]) and state = 'settled'",
        ids,
    )


def mails(platform, ids):
    """How many mails the mail server took about each exchange."""
    found = dict.fromkeys(ids, 0)
    for file in (Path(platform.mail_folder) / "new").iterdir():
        content = file.read_text(errors="replace")
        for exchange_id in found.keys() & set(_ids_in(content)):
            found[exchange_id] += 1
    return found


def _ids_in(content):
    marker = "/exchanges/"
    return {part[:36] for part in content.replace("=\n", "").split(marker)[1:] if len(part) >= 36}


def prove(platform, outcome, *, doubled_mails_allowed=0):
    """Everything that must be true of the exchanges once all is quiet."""
    ids = outcome["ids"]
    eventually(lambda: settled(platform, ids) == len(ids), 60)
    eventually(lambda: not any(figures(platform).values()), 60)
    assert count(
        platform,
        "ledger",
        "select count(*) from transfer where kind = 'exchange' and exchange_id = any(%s::uuid[])",
        ids,
    ) == len(ids)
    eventually(lambda: min(mails(platform, ids).values()) >= MAILS, 60)
    extra = sum(mails(platform, ids).values()) - MAILS * len(ids)
    assert 0 <= extra <= doubled_mails_allowed


def test_exchanges_of_many_clients_at_once_are_all_settled_once(platform):
    outcome = Traffic(platform, clients=16, exchanges=EXCHANGES).ended()

    assert outcome["wrong"] == []
    assert outcome["exchanges"] == EXCHANGES
    assert outcome["repeated"] > 0
    prove(platform, outcome)


def test_exchanges_survive_every_process_killed_and_both_servers_restarted(platform):
    traffic = Traffic(platform, clients=16, exchanges=EXCHANGES, patience=90)
    asked = "select count(*) from exchange"
    begun = count(platform, "exchanges", asked)
    victims = (*PROCESSES, *SERVERS)
    for number, victim in enumerate(victims):
        mark = begun + EXCHANGES * (number + 1) // (len(victims) + 2)
        _await(platform, asked, mark)
        launcher("restart" if victim in SERVERS else "kill", victim)

    outcome = traffic.ended()

    assert outcome["wrong"] == []
    assert outcome["exchanges"] == EXCHANGES
    # A killed sender repeats a record group of ten at most; the rest is room.
    prove(platform, outcome, doubled_mails_allowed=25)


def _await(platform, statement, mark):
    eventually(lambda: _asked(platform, statement) >= mark, 120)


def _asked(platform, statement):
    try:
        return count(platform, "exchanges", statement)
    except psycopg.OperationalError:
        return 0  # the database itself is the victim just now


@pytest.fixture(scope="module")
def status(platform):
    """What the launcher tells of all processes, once they have worked."""
    return launcher("status")


@pytest.mark.parametrize("service", PROCESSES)
def test_every_process_is_small(status, service):
    """All together are promised to stay under 700 MB; none may eat the others' share."""
    row = next(line for line in status.splitlines() if line.startswith(service))
    assert float(row.split(" MB")[0].split()[-1]) < 150
