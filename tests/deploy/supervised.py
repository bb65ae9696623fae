"""Runs a supervisor over harmless processes given as JSON, for the tests that kill them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.installation import Installation
from deploy.local.places import Places
from deploy.local.plan import SERVERS, Plan
from deploy.local.process import MARK, SERVICE, Process
from deploy.local.supervisor import Supervisor

LATER = "later.json"
"""The file of the processes that are wanted once the supervisor is asked to rearrange."""


def main(folder: str, described: str) -> None:
    where = Places("fake", Path(folder))
    where.logs.mkdir(exist_ok=True)

    def rearranged(_: object, __: Sequence[str]) -> Plan:
        return _plan(where, (where.folder / LATER).read_text())

    Supervisor(where, _plan(where, described), SERVERS, rearranged).run()


def _plan(where: Places, described: str) -> Plan:
    processes = tuple(
        Process(
            name=each["name"],
            kind=each.get("kind", SERVICE),
            command=(sys.executable, "-c", each["code"]),
            environment={**os.environ, MARK: str(where.folder)},
            folder=where.folder,
            ready=each.get("ready", ""),
            after=tuple(each.get("after", ())),
            stop_seconds=each.get("stop_seconds", 5.0),
            service=each.get("service", ""),
        )
        for each in json.loads(described)
    )
    return Plan(processes, Installation("fake", "", ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
