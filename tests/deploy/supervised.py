"""Runs a supervisor over harmless processes given as JSON, for the tests that kill them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from deploy.local.installation import Installation
from deploy.local.places import Places
from deploy.local.plan import SERVERS, Plan
from deploy.local.process import MARK, SERVICE, Process
from deploy.local.supervisor import Supervisor


def main(folder: str, described: str) -> None:
    where = Places("fake", Path(folder))
    where.logs.mkdir(exist_ok=True)
    processes = tuple(
        Process(
            name=each["name"],
            kind=each.get("kind", SERVICE),
            command=(sys.executable, "-c", each["code"]),
            environment={**os.environ, MARK: folder},
            folder=where.folder,
            ready=each.get("ready", ""),
            after=tuple(each.get("after", ())),
            stop_seconds=each.get("stop_seconds", 5.0),
        )
        for each in json.loads(described)
    )
    Supervisor(where, Plan(processes, Installation("fake", "", "")), SERVERS).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
