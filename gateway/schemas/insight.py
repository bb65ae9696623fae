"""Shapes about what it adds up to."""

from marshmallow import fields

from gateway.schemas import field
from services.contracts import event

BY = ("region", "organisation", "category", "month", "pathway")


class TotalsQuery(field.Query):
    """How to group, and which days (both included) to count."""

    by = field.slug(BY, load_default="region")
    from_ = field.Day(data_key="from")
    to = field.Day()
    region = field.region()
    format = field.slug(("json", "csv"))


class Total(field.Answer):
    """What adds up under one key."""

    key = fields.String(allow_none=True)
    exchanges = event.Count(required=True)
    minutes = event.Count(required=True)
    hours = fields.Float(required=True)
    members = fields.Raw(
        metadata={
            "oneOf": [{"type": "integer"}, {"const": "*"}],
            "description": "People who took part; `*` where few, rounded below the nation.",
        }
    )
    given_exchanges = event.Count()
    given_minutes = event.Count()
    given_hours = fields.Float()


class Totals(field.Answer):
    by = field.slug(BY)
    date_from = fields.String(allow_none=True, metadata={"format": "date"})
    date_to = fields.String(allow_none=True, metadata={"format": "date"})
    region = fields.String(allow_none=True)
    items = fields.List(fields.Nested(Total), required=True)
    as_of = field.moment_text()
    """When it was counted: where there is much to count, up to a minute ago."""
    total = fields.Nested(Total, required=True)


class Figure(field.Answer):
    """One measure as it stands; ``part`` and ``whole`` are what a share was taken of."""

    unit = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    part = event.Count(allow_none=True)
    whole = event.Count(allow_none=True)


class Overview(field.Answer):
    as_of = field.moment_text(required=True)
    figures = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(Figure),
        required=True,
        metadata={"description": "By the name of their definition."},
    )


class Definition(field.Answer):
    """What a measure means, wherever it is shown."""

    name = fields.String(required=True)
    meaning = fields.String(required=True)
    unit = fields.String(required=True)
    rule = fields.String(required=True)


class Definitions(field.Answer):
    items = fields.List(fields.Nested(Definition), required=True)
