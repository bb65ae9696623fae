"""What a service answers of what people decided in it: the same question everywhere, one shape.

A service keeps each decision where it belongs, and says here how it is read; nothing is kept
twice. It answers by inheriting ``Audited``.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from services.bus.caller import Caller
from services.bus.entrypoints import Bus, rpc
from services.bus.errors import NotAllowed, Refused
from services.bus.transaction import Transaction

MOST = 5_001
"""Lines in one answer: those of the largest export, and one that tells that there are more."""
USUAL = 20
LONGEST_WORD = 40
LAST_DAY = datetime.date(2999, 12, 31)
"""Behind the last day of the calendar there is no next."""

NATIONAL = "national"
OF_REGIONS, OF_THE_NATION, OF_BOTH = "of regions", "of the nation", "of both"
"""Where the lines of a source may belong; a source that cannot hold any is not asked, so that
nobody reads it from end to end to find nothing."""


class QuestionInvalid(Refused):
    """What is looked for in the audit does not make sense."""

    code = "invalid"


@dataclass(frozen=True)
class Source:
    """One kind of record a service keeps, read as lines of the audit.

    Attributes:
        select: a statement giving the columns of ``Line``, and ``one`` and ``other``: the
            members it is about, by whom it is found. May use ``%(reader)s``, ``%(national)s``
            and ``%(service)s``.
        actions: every word its lines may have.
        where: whether its lines belong to one of the seven regions, to none, or to either.
    """

    select: LiteralString
    actions: Sequence[str]
    where: str


@dataclass(frozen=True)
class Line:
    """One thing that was done.

    Attributes:
        id: of the line, for ever; orders what happened at the same moment.
        actor: ``None`` where no member and no system did it.
        hand: ``member``, ``system``, ``operator`` (a command) or ``rule`` (a deadline, or what
            follows from something else).
        about: what the subject is: ``member``, ``exchange``, ``none`` and others.
        people: ids of the members it is about.
    """

    id: UUID
    at: datetime.datetime
    actor: UUID | None
    hand: str
    action: str
    about: str
    subject: UUID
    people: list[UUID]
    detail: str | None
    reason: str | None
    region: str


@dataclass(frozen=True)
class Wanted:
    """What is looked for; ``None`` where anything will do.

    Attributes:
        actors, people: ids of those it may be.
        since: this moment or later.
        before: earlier than this moment.
        at, id: of the line behind which to go on.
        limit: lines at most.
    """

    actors: list[UUID] | None
    people: list[UUID] | None
    action: str | None
    region: str | None
    since: datetime.datetime | None
    before: datetime.datetime | None
    at: datetime.datetime | None
    id: UUID | None
    limit: int


MESSAGES = Source(
    # An event's id is one in every service that hears it; a line's is not.
    """
    select md5(%(service)s || event_id || extract(epoch from at))::uuid as id, at, actor,
        case when actor is null then 'operator' else 'member' end as hand,
        decision as action, 'message' as about,
        md5(%(service)s || event_id)::uuid as subject,
        null::uuid as one, null::uuid as other, '{}'::uuid[] as people,
        split_part(routing_key, '.', 3) as detail, reason, region
    from parked_decision
    """,
    ("put_back", "discard"),
    OF_BOTH,
)
"""What was decided about messages that could not be handled; read along its index by time, and
so short that any other question reads it whole."""


def search(
    tx: Transaction,
    caller: Caller,
    service: str,
    sources: Sequence[Source],
    question: Mapping[str, Any],
) -> dict[str, Any]:
    """What was done in a service, the newest first.

    Args:
        question: ``who`` and ``about`` (ids), ``action``, ``region``, ``from`` and ``to`` (days
            of UTC, both included), ``cursor`` and ``limit``, each as it came or absent.

    Raises:
        NotAllowed: for the national team and the Senate only.
        QuestionInvalid.
    """
    require_reader(caller)
    wanted = asked(question)
    found = [
        line
        for source in sources
        if _may_hold(source, wanted)
        for line in _lines(tx, caller, service, source, wanted)
    ]
    found.sort(key=lambda line: (line.at, line.id), reverse=True)
    # Whoever asks several services knows where to go on: behind the last line shown of all.
    return {"items": [_shown(line) for line in found[: wanted.limit]], "next": None}


def require_reader(caller: Caller) -> None:
    """
    Raises:
        NotAllowed
    """
    if not caller.sees_everything:
        raise NotAllowed("Only the national team and the Senate read the audit.")


def _may_hold(source: Source, wanted: Wanted) -> bool:
    if wanted.action is not None and wanted.action not in source.actions:
        return False
    if [] in (wanted.actors, wanted.people):
        return False
    if wanted.region is None or source.where == OF_BOTH:
        return True
    return (source.where == OF_THE_NATION) == (wanted.region == NATIONAL)


def _lines(
    tx: Transaction, caller: Caller, service: str, source: Source, wanted: Wanted
) -> list[Line]:
    """The newest lines of one source that fit.

    Planned for what is asked every time (``prepare``): one plan for all questions would read
    everything for those who ask for little.
    """
    with tx.conn.cursor(row_factory=class_row(Line)) as cursor:
        values = parameters(caller, service, wanted)
        return cursor.execute(statement(source), values, prepare=False).fetchall()


def statement(source: Source) -> LiteralString:
    """The question put to one source; its conditions reach the source's own tables."""
    return f"""
        select id, at, actor, hand, action, about, subject, people, detail, reason, region
        from ({source.select}) line
        where (%(actors)s::uuid[] is null or actor = any(%(actors)s))
            and (%(people)s::uuid[] is null
                 or one = any(%(people)s) or other = any(%(people)s))
            and (%(action)s::text is null or action = %(action)s)
            and (%(region)s::text is null or region = %(region)s)
            and (%(since)s::timestamptz is null or at >= %(since)s)
            and (%(before)s::timestamptz is null or at < %(before)s)
            and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(id)s::uuid))
        order by at desc, id desc limit %(limit)s
    """


def parameters(caller: Caller, service: str, wanted: Wanted) -> dict[str, Any]:
    """What the statement is asked with."""
    reader = {"reader": caller.id, "national": caller.is_national}
    return {**vars(wanted), **reader, "service": service}


def asked(question: Mapping[str, Any]) -> Wanted:
    """What a question looks for.

    Raises:
        QuestionInvalid
    """
    to, cursor = _day(question, "to"), question.get("cursor")
    at, line_id = _place(cursor) if cursor else (None, None)
    return Wanted(
        actors=_ids(question, "who"),
        people=_ids(question, "about"),
        action=_word(question, "action"),
        region=_word(question, "region"),
        since=_midnight(_day(question, "from")),
        before=_midnight(to + datetime.timedelta(days=1) if to else None),
        at=at,
        id=line_id,
        limit=_limit(question.get("limit", USUAL)),
    )


def _ids(question: Mapping[str, Any], name: str) -> list[UUID] | None:
    given = question.get(name)
    if given is None:
        return None
    try:
        if isinstance(given, list):
            return [UUID(each) for each in given]
    except (ValueError, TypeError, AttributeError):
        pass
    raise _invalid(name, "Must be a list of ids.")


def _word(question: Mapping[str, Any], name: str) -> str | None:
    given = question.get(name)
    if given is None:
        return None
    if isinstance(given, str) and len(given) <= LONGEST_WORD and given.isprintable():
        return given
    raise _invalid(name, "Must be a word.")


def _day(question: Mapping[str, Any], name: str) -> datetime.date | None:
    given = question.get(name)
    if given is None:
        return None
    try:
        day = datetime.date.fromisoformat(given)
    except (ValueError, TypeError):
        raise _invalid(name, "Must be a day.") from None
    if day > LAST_DAY:
        raise _invalid(name, "Must not be so late.")
    return day


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC) if day else None


def _place(cursor: Any) -> tuple[datetime.datetime, UUID]:
    """The moment and the id of the last line somebody was shown."""
    try:
        moment, _, line_id = cursor.partition("/")
        at, found = datetime.datetime.fromisoformat(moment), UUID(line_id)
        if at.tzinfo is not None:
            return at, found
    except (ValueError, TypeError, AttributeError):
        pass
    raise _invalid("cursor", "Belongs to another list.")


def _limit(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST:
        return given
    raise _invalid("limit", f"Must be a whole number from 1 to {MOST}.")


def _invalid(name: str, message: str) -> QuestionInvalid:
    return QuestionInvalid(errors=[{"pointer": f"/{name}", "message": message}])


def _shown(line: Line) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "at": line.at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z"),
        "actor_id": str(line.actor) if line.actor else None,
        "by": line.hand,
        "action": line.action,
        "about": line.about,
        "subject_id": str(line.subject),
        "people": [str(each) for each in line.people],
        "detail": line.detail,
        "reason": line.reason,
        "region": line.region,
    }


class Audited:
    """The call by which a service that hears messages answers of what was decided in it."""

    name: str
    bus: Bus
    decided: ClassVar[tuple[Source, ...]] = ()

    @rpc
    def audit(self, call: Any, **question: Any) -> dict[str, Any]:
        """Takes the fields of ``search``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return search(tx, call.caller, self.name, (*self.decided, MESSAGES), question)
