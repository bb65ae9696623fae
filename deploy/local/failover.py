"""Guards what is committed by a standby, makes the standby the primary, and finds it another."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from deploy.local import database, faults, secret, standby
from deploy.local.places import Places, Problem
from deploy.local.process import identify
from deploy.local.status import family

SPEAKERS = ("members", "exchanges", "ledger")
"""Services others act upon the word of: what they committed must outlive the primary. What the
others forget is said to them again."""
AWAY = psycopg.OperationalError
"""What asking a server that is not there ends in."""
PATIENCE = 60.0
"""Seconds a server may take to answer, or a standby to have copied everything."""
LOOK_SECONDS = 0.1


@contextmanager
def administrator(where: Places, number: int) -> Iterator[psycopg.Connection[Any]]:
    """A connection to one of the two servers, whatever it is at present."""
    word = secret.passwords(where, ["database"])["database"]
    place = standby.address(where, number, database.ADMINISTRATOR)
    with psycopg.connect(place, dbname="postgres", password=word, autocommit=True) as connection:
        yield connection


def guard(where: Places, waiting: Sequence[str] = SPEAKERS) -> None:
    """Let some services' commits wait for the standby, once it has all there is. Safe to repeat.

    Args:
        waiting: services; their roles are made when they are missing, without a password, so
            that whoever fills the databases later finds them as they shall be.

    Raises:
        Problem: the standby does not come.
    """
    now = standby.primary(where)
    _await(lambda: _let_follow(where, now), "the primary does not answer")
    _await(lambda: _follows(where, now), "the standby does not follow")
    with administrator(where, now) as connection:
        for service in waiting:
            _waits(connection, f"timebank_{service}")
        follower = sql.Literal(standby.name_of(standby.other(now)))
        _set(connection, sql.SQL("synchronous_standby_names = {}").format(follower))


def _let_follow(where: Places, now: int) -> bool:
    """Make the role a standby reads as; whether the primary could be asked."""
    word = secret.passwords(where, [standby.REPLICATION_WORD])[standby.REPLICATION_WORD]
    role = sql.Identifier(standby.REPLICATION)
    try:
        with administrator(where, now) as connection:
            if not _is_role(connection, standby.REPLICATION):
                connection.execute(sql.SQL("create role {}").format(role))
            connection.execute(
                sql.SQL("alter role {} login replication password {}").format(
                    role, sql.Literal(word)
                )
            )
    except psycopg.OperationalError:
        return False
    return True


def _is_role(connection: psycopg.Connection[Any], name: str) -> bool:
    row = connection.execute("select from pg_roles where rolname = %s", [name])
    return row.fetchone() is not None


def _waits(connection: psycopg.Connection[Any], name: str) -> None:
    role = sql.Identifier(name)
    if not _is_role(connection, name):
        connection.execute(sql.SQL("create role {}").format(role))
    connection.execute(sql.SQL("alter role {} set synchronous_commit = on").format(role))


def _set(connection: psycopg.Connection[Any], setting: sql.Composed | sql.SQL) -> None:
    """A setting of the whole server, kept over restarts, which a standby may have, too."""
    connection.execute(sql.SQL("alter system set {}").format(setting))
    connection.execute("select pg_reload_conf()")


def _follows(where: Places, now: int) -> bool:
    """Whether the other server has caught up and hears everything at once."""
    follower = standby.name_of(standby.other(now))
    try:
        with administrator(where, now) as connection:
            row = connection.execute(
                "select from pg_stat_replication"
                " where application_name = %s and state = 'streaming'", [follower],
            )  # fmt: skip
            if row.fetchone() is None:
                return False
        # Whoever still copies bears the same name; only a server at work says so itself.
        with administrator(where, standby.other(now)) as copy:
            return _ask(copy, "select status = 'streaming' from pg_stat_wal_receiver")
    except psycopg.OperationalError:
        return False


def lose(where: Places, number: int) -> None:
    """Lose a server with its machine: every process at once, and it does not come back."""
    standby.held(where, number).touch()
    try:
        who = faults.find(where, standby.port_name(number))
    except Problem:
        return
    # Not the server alone: those it started could still finish what they do.
    everybody = [found for pid in family(who.pid) if (found := identify(pid))]
    for each in everybody:
        each.send(signal.SIGKILL)
    if not all(each.wait(faults.DEATH_SECONDS) for each in everybody):
        raise Problem("A server that was killed is still there.")


def promote(where: Places) -> int:
    """Make the standby the primary; the primary, if it lives, is lost first. Its number.

    From here on one server is all there is: commits wait for no other until ``rejoin``.

    Raises:
        Problem: there is no standby to promote.
    """
    before = standby.primary(where)
    now = standby.other(before)
    try:
        with administrator(where, now) as connection:
            if not _ask(connection, "select pg_is_in_recovery()"):
                raise Problem(f"{standby.port_name(now)} is no standby.")
            lose(where, before)
            _set(connection, sql.SQL("synchronous_standby_names = ''"))
            standby.appoint(where, now)
            if not _ask(connection, "select pg_promote(wait => true, wait_seconds => 60)"):
                raise Problem(f"{standby.port_name(now)} did not become the primary.")
    except psycopg.OperationalError as error:
        raise Problem(f"{standby.port_name(now)} does not answer: {error}") from error
    return now


def _ask(connection: psycopg.Connection[Any], question: LiteralString) -> bool:
    row = connection.execute(question).fetchone()
    return bool(row and row[0])


def rejoin(where: Places) -> None:
    """Bring the server that was lost back, as a standby with a new copy, and wait for it again."""
    standby.held(where, standby.other(standby.primary(where))).unlink(missing_ok=True)
    guard(where)


def cut(where: Places) -> None:
    """Part the standby from the primary, both alive: what waits for it waits from now on."""
    now = standby.primary(where)
    with administrator(where, standby.other(now)) as connection:
        _set(connection, sql.SQL("primary_conninfo = ''"))
    _await(lambda: not _follows(where, now), "the standby still follows")


def _await(condition: Any, otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Problem(f"After {PATIENCE:.0f} s {otherwise}.")
        time.sleep(LOOK_SECONDS)  # between two looks; the condition is above
