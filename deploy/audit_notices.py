"""Holds what people were told against the rule table that says who must be told what."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from deploy.audit_sources import Connections, aged, alone, rows
from services.notifications import handlers
from services.notifications.notice import RULES, TO_ROLES, Role, Rule

Key = tuple[str, str, str]
"""Event, person or role, channel."""

ROLE_TEMPLATES = [
    rule.template for rules in RULES.values() for rule in rules if rule.to in TO_ROLES
]
"""Told to whoever holds a role when it is sent, which nobody can say afterwards: of these the
notice to the role is held against the table, not those to its people."""

_HEARD = f"""
    select event_id, type, region, subject, data, {aged("heard_at")}
    from heard, clock
    where type = any(%(kinds)s)
    order by event_id collate "C"
"""
_TOLD = f"""
    with told as (
        select event_id, member_id::text as "to", channel,
               {aged("created_at")} as counts
        from notice, clock
        where template <> all(%(roles)s)
          and member_id not in (select member_id from recipient where left_at is not null)
        union all
        select event_id, role, channel, true from role_notice
    )
    select event_id, "to", channel, counts from told
    where (position(':' in event_id) > 0) = %(once)s
    order by event_id collate "C", "to" collate "C", channel collate "C"
"""


def notices(at: Connections, leave_out: int) -> int:
    """(Event, person, channel) without exactly one notice, and notices without their event."""
    expected = _Expected(at, leave_out)
    missing, unfounded = alone(expected.of_events(), _told(at, leave_out, once=False))
    told = Counter(key for key, _ in _told(at, leave_out, once=True))
    old = {key for key, counts in _told(at, leave_out, once=True) if counts}
    return (
        missing
        + unfounded
        + sum(1 for key, counts in expected.once.items() if counts and key not in told)
        + sum(count - 1 for count in told.values())
        + len(old - expected.once.keys())
    )


def _told(at: Connections, leave_out: int, *, once: bool) -> Iterator[tuple[Key, bool]]:
    for *key, counts in rows(
        at["notifications"], _TOLD, {"s": leave_out, "roles": ROLE_TEMPLATES, "once": once}
    ):
        yield (key[0], key[1], key[2]), counts


class _Expected:
    """What the table asks for, of all that reporting has heard.

    Attributes:
        once: notices there is one of for a whole life, each with whether its event is old
            enough to count; complete when ``of_events`` has ended.
    """

    def __init__(self, at: Connections, leave_out: int) -> None:
        self.at, self.leave_out = at, leave_out
        self.once: dict[Key, bool] = {}
        left = rows(
            at["notifications"], "select member_id from recipient where left_at is not null"
        )
        self.left = {str(member) for (member,) in left}

    def of_events(self) -> Iterator[tuple[Key, bool]]:
        """In the order of events, people and channels."""
        heard = rows(self.at["reporting"], _HEARD, {"s": self.leave_out, "kinds": list(RULES)})
        for event_id, kind, region, subject, data, counts in heard:
            for key in sorted(self._of_event(event_id, kind, region, subject, data, counts)):
                yield key, counts

    def _of_event(
        self, event_id: str, kind: str, region: str, subject: str, data: Any, counts: bool
    ) -> Iterator[Key]:
        told = _as_told(kind, data)
        for rule in RULES[kind]:
            if not rule.when(told):
                continue
            for key in self._of_rule(rule, event_id, region, subject, told):
                if rule.once:
                    self.once[key] = counts or self.once.get(key, False)
                else:
                    yield key

    def _of_rule(
        self, rule: Rule, event_id: str, region: str, subject: str, told: Any
    ) -> Iterator[Key]:
        about = f"{rule.template}:{subject}" if rule.once else event_id
        for addressee in rule.to(told, region):
            to = addressee.name if isinstance(addressee, Role) else str(addressee)
            if to not in self.left:
                for channel in rule.channels:
                    yield about, to, channel


def _as_told(kind: str, data: Any) -> Any:
    """What the rules look at: ids and times stay text, which compares as well."""
    reads = handlers.SUBSCRIPTIONS[kind].reads
    return reads(**{field.name: data[field.name] for field in fields(reads)})
