"""Asks one service's audit as the gateway would, and looks at how its database finds the lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from services.bus import audit
from services.bus.audit import Source
from services.bus.caller import Caller
from services.bus.transaction import Database, new_id

NATIONAL = Caller(id=new_id(), roles=frozenset({"member", "national"}), approved=True)
SENATE = Caller(id=new_id(), roles=frozenset({"member", "senate"}), approved=True)

FULL_SORT = re.compile(r"(?<!Incremental )Sort  \(")


def lines(
    database: Database,
    sources: Sequence[Source],
    caller: Caller = NATIONAL,
    **question: Any,
) -> list[dict[str, Any]]:
    """The lines of one service that fit, the newest first."""
    with database.transaction() as tx:
        items: list[dict[str, Any]] = audit.search(tx, caller, "echo", sources, question)["items"]
    return items


def actions(database: Database, sources: Sequence[Source], **question: Any) -> list[str]:
    return [each["action"] for each in lines(database, sources, **question)]


def page_by_page(database: Database, sources: Sequence[Source], limit: int) -> list[str]:
    """The ids of all lines, asked for a few at a time."""
    found: list[str] = []
    question: dict[str, Any] = {"limit": limit}
    while page := lines(database, sources, **question):
        found += [each["id"] for each in page]
        question["cursor"] = f"{page[-1]['at']}/{page[-1]['id']}"
    return found


def plan(database: Database, source: Source, **question: Any) -> str:
    """How a question is answered where reading a whole table or sorting it is dear."""
    wanted = audit.asked(question)
    with database.transaction() as tx:
        for way in ("seqscan", "sort", "hashjoin", "mergejoin"):
            tx.conn.execute(f"set local enable_{way} = off")
        rows = tx.conn.execute(
            f"explain {audit.statement(source)}",
            audit.parameters(NATIONAL, "echo", wanted),
            prepare=False,
        ).fetchall()
    return "\n".join(row[0] for row in rows)


def found_by_index(database: Database, sources: Sequence[Source]) -> None:
    """Check that no question reads a table from end to end, and the newest need no sorting."""
    somebody = [str(new_id())]
    questions: list[dict[str, Any]] = [
        {}, {"who": somebody}, {"about": somebody}, {"from": "2026-11-01", "to": "2026-11-02"},
        {"cursor": f"2026-11-01T00:00:00Z/{new_id()}"},
    ]  # fmt: skip
    for source in sources:
        for question in questions:
            found = plan(database, source, **question)
            assert "Seq Scan" not in found, (source.actions, question, found)
            if not {"who", "about"} & question.keys():
                assert not FULL_SORT.search(found), (source.actions, question, found)
