"""Shapes about matches: a listing that fits, and why."""

from marshmallow import fields, validate

from gateway.schemas import field
from gateway.schemas.listings import Listing

MOST = 20
"""Matches in one answer: beyond, the reasons grow thin."""


class MatchReason(field.Answer):
    code = fields.String(
        required=True,
        metadata={
            "description": "`skill`, `close`, `in_return`, `region`, `online`, `not_asked`,"
            " `new_connection` or `known`; more may follow."
        },
    )
    skill = fields.String(
        allow_none=True, metadata={"description": "Of one's own skills, where it is about one."}
    )
    text = fields.String(required=True, metadata={"description": "In words one can show."})


class Match(field.Answer):
    listing = fields.Nested(Listing, required=True)
    reasons = fields.List(
        fields.Nested(MatchReason), required=True, metadata={"description": "The weightiest first."}
    )


class Matches(field.Answer):
    items = fields.List(fields.Nested(Match), required=True)
    next = fields.String(required=True, allow_none=True)


class MatchesQuery(field.Query):
    for_ = fields.String(
        data_key="for",
        load_default="help",
        validate=validate.OneOf(("help", "give")),
        metadata={
            "description": "`help`: offers of people who could help me;"
            " `give`: requests of people I could help."
        },
    )
    limit = field.Number(
        load_default=3,
        validate=validate.Range(min=1, max=MOST),
        metadata={"description": "How many at most, each of another person."},
    )
