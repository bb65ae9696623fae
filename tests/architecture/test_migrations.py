"""Proves that a migration takes nothing away from the version before, unless it says since when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import house

MARK = re.compile(r"^-- contract: (\d{4}_[a-z_]+)\b", re.MULTILINE)
"""Names the migration of an earlier release since which nothing needs what is taken away."""

BEFORE_THE_RULE = frozenset({"0003_bus_attempt", "0004_bus_said_once"})
"""They took something away from a version that nobody ran beside the next one."""

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
"""What a function does is not done by the migration."""
MADE = re.compile(r"\bcreate (?:unlogged )?table (?:if not exists )?([\w.]+)")
TAKES_AWAY = (
    # An index may go: questions are slower and the same. A constraint may go: more is allowed.
    (re.compile(r"\bdrop (table|view|materialized view|column|function|trigger|type|domain|schema"
                r"|sequence|role|policy|extension)\b"), "drops a {}"),
    (re.compile(r"\brename\b"), "renames"),
    (re.compile(r"\balter (?:column )?\w+ (?:set data )?type\b"), "changes a column's type"),
    (re.compile(r"\bset not null\b"), "asks for a value that was free to be missing"),
    (re.compile(r"\bdrop default\b"), "takes a default away"),
    (re.compile(r"(?:^|;)\s*(?:truncate|delete from)\b"), "removes rows"),
    (re.compile(r"\bset schema\b"), "moves something"),
)  # fmt: skip
ADDED = re.compile(r"\balter table (?:if exists )?(?:only )?([\w.]+)([^;]*)", re.DOTALL)
COLUMN = re.compile(r"\badd (?:column )?(?:if not exists )?(\w+) ((?:\([^()]*\)|[^,(])*)")


def taken_away(text: str) -> list[str]:
    """What a migration does that a process of the version before may stumble over."""
    plain = BODY.sub("''", COMMENT.sub("", text.lower()))
    found = []
    for pattern, said in TAKES_AWAY:
        for match in pattern.finditer(plain):
            if not match.groups() or not _of_its_own(plain, match):
                found.append(said.format(*match.groups()))
    return [*found, *_demanded(plain)]


def _of_its_own(plain: str, match: re.Match[str]) -> bool:
    """Whether what goes has been made a moment before by the same migration."""
    rest = plain[match.end() :].replace("if exists", "").split()
    return bool(rest) and rest[0].strip("();,") in MADE.findall(plain)


def _demanded(plain: str) -> Iterator[str]:
    """Columns that whoever does not know them cannot leave out, in tables there were before."""
    new = set(MADE.findall(plain))
    for table, changes in ADDED.findall(plain):
        for name, kind in COLUMN.findall(changes):
            told = "not null" in kind and "default" not in kind and "generated" not in kind
            if told and table not in new and name not in ("constraint", "check", "unique"):
                yield f"adds {table}.{name}, which may not be left out and has no default"


def migrations() -> list[Path]:
    return sorted(
        path
        for path in (house.ROOT / "services").glob("*/sql/*")
        if path.suffix in (".sql", ".py") and path.stem[0].isdigit()
    )


@pytest.mark.parametrize("path", migrations(), ids=lambda path: path.stem)
def test_a_migration_only_adds_unless_it_names_the_one_since_which_nothing_needs_the_rest(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
    found, marks = taken_away(text), MARK.findall(text)

    if path.stem in BEFORE_THE_RULE:
        assert found, f"{path.stem} is fine: take it off the list"
        return
    assert not found or marks, (
        f"{path.name} {'; '.join(found)}: processes of the version before still run when it is"
        " applied. Add now, take away in a later release (docs/operations.md, Migrations)."
    )


@pytest.mark.parametrize("path", migrations(), ids=lambda path: path.stem)
def test_what_a_contract_step_waits_for_is_an_earlier_migration_of_the_same_service(
    path: Path,
) -> None:
    names = {each.stem for each in path.parent.iterdir() if each.stem < path.stem}

    for name in MARK.findall(path.read_text(encoding="utf-8")):
        assert name in names, f"{path.name} waits for {name}, which is no migration before it"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("drop table account;", "drops a table"),
        ("alter table account drop column floor;", "drops a column"),
        ("ALTER TABLE account\n  DROP COLUMN floor;", "drops a column"),
        ("drop view unsaid;", "drops a view"),
        ("drop trigger posted on transfer;", "drops a trigger"),
        ("alter table account rename to purse;", "renames"),
        ("alter table account rename column floor to least;", "renames"),
        ("alter table account alter column floor type bigint;", "type"),
        ("alter table account alter floor set data type bigint;", "type"),
        ("alter table account alter column floor set not null;", "free to be missing"),
        ("alter table account alter column floor drop default;", "default away"),
        ("alter table account add column region text not null;", "account.region"),
        ("alter table account add region text not null check (region <> '');", "account.region"),
        ("alter table account add column a int, add column b int not null;", "account.b"),
        ("delete from account;", "removes rows"),
        ("truncate account;", "removes rows"),
    ],
)
def test_what_the_version_before_would_stumble_over_is_found(statement: str, said: str) -> None:
    assert said in "; ".join(taken_away(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "create table account (id uuid primary key, floor int not null);",
        "alter table account add column region text;",
        "alter table account add column region text not null default 'national';",
        "alter table account add constraint known check (region <> '');",
        "alter table account drop constraint account_state_check;",
        "drop index account_by_region;",
        "create index account_by_region on account (region);",
        "create or replace function posted() returns trigger language plpgsql as"
        " $$ begin delete from hold; return null; end $$;",
        "-- drop table account;\nselect 1;",
        "create table passing (n int); drop table passing;",
        "create table account (id uuid); alter table account add column n int not null;",
        "alter table listing alter column stated set default 0;",
        "alter table account add column n int generated always as identity not null;",
        "create trigger kept before delete or truncate on entry execute function refuse();",
    ],
)
def test_what_only_adds_is_let_through(statement: str) -> None:
    assert not taken_away(statement)


def test_a_contract_step_says_since_when() -> None:
    text = "-- What moved.\n-- contract: 0002_ledger_region\nalter table account drop column place;"

    assert taken_away(text)
    assert MARK.findall(text) == ["0002_ledger_region"]
