"""Makes each service's database and role on a server that has none of them yet; safe to repeat.

python -m deploy.compose.databases
"""

from __future__ import annotations

import sys

from deploy.local import databases
from deploy.local.plan import AUDITOR, DATABASE_SERVICES, service_url
from services.bus import migrate, settings
from services.bus.settings import Setting


def _word(text: str) -> str:
    found = settings.secret(text)
    if found is None:
        raise ValueError("a role without a word could be anybody.")
    return found


def _setting(role: str) -> Setting[str]:
    meaning = f"the word by which {role} opens its database."
    return Setting(f"TIMEBANK_{role.upper()}_WORD", meaning, _word, None, "24 characters or more")


WORDS = {role: _setting(role) for role in (*DATABASE_SERVICES, "audit")}


def main() -> int:
    with settings.refusing_to_start():
        administrator = settings.DATABASE_URL.read()
        words = {role: setting.read() for role, setting in WORDS.items()}
    migrate.wait_for(administrator)
    databases.prepare(
        administrator,
        {name: service_url(administrator, name, words[name]) for name in DATABASE_SERVICES},
        {
            name: service_url(administrator, name, words["audit"], AUDITOR)
            for name in DATABASE_SERVICES
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
