"""Shapes about what representatives see and do."""

from marshmallow import fields, validate

from gateway.ranking import CONCERNS, KINDS
from gateway.schemas import field
from gateway.schemas.concerns import WaitingConcern
from gateway.schemas.exchanges import Exchange
from services.contracts import event, words

LONGEST_REASON = 1_000
LONGEST_TITLE = 200
MOST_ROWS = 100
A_DAY = 1_440
"""Minutes."""


class QueueQuery(field.Query):
    minutes = field.Number(
        validate=validate.Range(min=1, max=A_DAY),
        metadata={"description": "Only what fits into so many minutes, from the top."},
    )


class Waiting(field.Answer):
    """One thing that waits for a representative."""

    kind = field.slug(tuple(each for each in KINDS if each not in CONCERNS), required=True)
    id = fields.String(
        required=True,
        metadata={"format": "uuid", "description": "Of the exchange, or of the member."},
    )
    region = fields.String(required=True)
    score = event.Count(required=True, metadata={"description": "More comes first."})
    reason = fields.String(required=True, metadata={"description": "For the rank, in words."})
    since = field.moment_text(required=True)
    due = field.moment_text(allow_none=True)
    act = fields.String(required=True, metadata={"description": "The next action."})
    minutes = event.Count(required=True, metadata={"description": "It takes about so long."})
    name = fields.String(allow_none=True, metadata={"description": "Of a joiner."})
    exchange = fields.Nested(Exchange, allow_none=True)


class Queue(field.Answer):
    items = fields.List(fields.Nested(Waiting), required=True)
    next = fields.String(required=True, allow_none=True)
    total = event.Count(required=True)
    own = event.Count(
        required=True,
        metadata={"description": "One's own exchanges, which a colleague sees instead."},
    )
    concerns = fields.List(
        fields.Nested(WaitingConcern),
        metadata={"description": "Ranked by the same score; looked into one by one."},
    )


class Row(field.Body):
    act = field.slug(("approve", "nudge", "remind"), required=True)
    id = field.Id(required=True)


class Rows(field.Body):
    """Several rows of the list at once."""

    items = fields.List(
        fields.Nested(Row), required=True, validate=validate.Length(min=1, max=MOST_ROWS)
    )


class Outcome(field.Answer):
    id = field.id_text(required=True)
    act = fields.String(required=True)
    done = fields.Boolean(required=True)
    code = fields.String(allow_none=True, metadata={"description": "Why it was refused."})
    text = fields.String(required=True)


class Outcomes(field.Answer):
    items = fields.List(fields.Nested(Outcome), required=True)


class StepFor(field.Body):
    """What is said with a step; which parts matter depends on the action."""

    minutes = event.Minutes()
    starts_at = field.Moment()
    reason = field.Text(max=2_000, lines=True)


class Record(field.Body):
    """Help that took place; the other is asked whether it is right."""

    title = field.Text(required=True, max=LONGEST_TITLE)
    with_member_id = field.Id(required=True)
    for_member_id = field.Id(
        metadata={"description": "A member of the representative's region; else oneself."}
    )
    role = field.slug(
        ("giver", "receiver"),
        required=True,
        metadata={"description": "Of the one it is recorded for."},
    )
    minutes = event.Minutes(required=True)
    took_place_at = field.Moment(allow_none=True)
    category = field.slug(words.CATEGORIES, allow_none=True)
    pathway = field.slug(words.PATHWAYS, allow_none=True)


class CoverBody(field.Body):
    region = field.region(required=True)
    colleague_email = field.Text(required=True, max=254)
    away_email = field.Text(
        max=254, metadata={"description": "Only where the national team names somebody."}
    )
    until = field.Moment(required=True)
    reason = field.Text(required=True, max=LONGEST_REASON, lines=True)


class Cover(field.Answer):
    """A colleague answers for a region until a moment."""

    id = field.id_text(required=True)
    region = field.region(required=True)
    away_id = field.id_text(required=True)
    covering_id = field.id_text(required=True)
    reason = fields.String(required=True)
    since = field.moment_text(required=True)
    until = field.moment_text(required=True)


class Covers(field.Answer):
    items = fields.List(fields.Nested(Cover), required=True)
    next = fields.String(required=True, allow_none=True)
