"""Writes the Compose file, or prints fresh words for a new installation.

python -m deploy.compose
python -m deploy.compose words >> deploy/compose/.env
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import yaml

from deploy.compose.databases import WORDS
from deploy.compose.project import project

FILE = Path(__file__).with_name("compose.yaml")
HEADER = """\
# Written by `python -m deploy.compose`; a change here is lost. One machine with containers:
#   python -m deploy.compose words >> deploy/compose/.env     (and the rest: docs/operations.md)
#   docker compose -f deploy/compose/compose.yaml --profile watch up --build --detach
"""
OTHER_WORDS = (
    "TIMEBANK_BROKER_WORD",
    "TIMEBANK_DATABASE_WORD",
    "TIMEBANK_RPC_SECRET",
    "TIMEBANK_GRAFANA_WORD",
)


def text() -> str:
    class Plain(yaml.SafeDumper):
        """Says everything in full, without references."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    return HEADER + yaml.dump(project(), Dumper=Plain, sort_keys=False, width=1000)


def words() -> list[str]:
    """One line for each word an installation needs, each word new."""
    names = (*OTHER_WORDS, *(setting.name for setting in WORDS.values()))
    return [f"{name}={secrets.token_hex(24)}" for name in names]


def main(arguments: list[str]) -> int:
    if arguments == ["words"]:
        print("\n".join(words()))
        return 0
    FILE.write_text(text())
    print(FILE.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
