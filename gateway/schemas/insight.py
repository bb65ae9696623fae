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
    key = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    exchanges = event.Count(required=True)
    minutes = event.Count(required=True)
    hours = fields.Float()


class Totals(field.Answer):
    items = fields.List(fields.Nested(Total), required=True)
    total = fields.Nested(Total, required=True)


class Definition(field.Answer):
    name = fields.String(required=True)
    title = fields.String()
    meaning = fields.String()
    unit = fields.String(allow_none=True)


class Definitions(field.Answer):
    items = fields.List(fields.Nested(Definition), required=True)


class Overview(field.Answer):
    """Figures by name; what each means is told by the definitions."""

    figures = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True))
