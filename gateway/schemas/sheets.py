"""Shapes about tables of people, brought to invite them or to let them in."""

from marshmallow import fields, validate

from gateway.schemas import field
from services.contracts import event

KINDS = ("invitations", "members")
OUTCOMES = ("wrong", "ready", "done", "nothing")
LONGEST_TABLE = 512 * 1024
"""Characters."""


class SheetBody(field.Body):
    """A table of at most 1,000 people, as CSV with a heading."""

    kind = field.slug(KINDS, required=True)
    table = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_TABLE),
        metadata={
            "description": "Of invitations the columns `email`, `name`, `region`; of members "
            "besides these `organisation`, `about`, `can_help_with`, `would_like`, `hours`, "
            "`offers`, `requests`, several in one cell apart by semicolons.",
        },
    )


class Counts(field.Answer):
    """Rows by what is to become of them, or became of them."""

    wrong = event.Count(required=True)
    ready = event.Count(required=True)
    done = event.Count(required=True)
    nothing = event.Count(required=True)


class Placed(field.Answer):
    """Offers and requests that came with members."""

    new = event.Count(required=True)
    known = event.Count(required=True)


class Sheet(field.Answer):
    """A table, in figures."""

    id = field.id_text(required=True)
    kind = field.slug(KINDS, required=True)
    made_at = field.moment_text(required=True)
    done_at = field.moment_text(required=True, allow_none=True)
    counts = fields.Nested(Counts, required=True)
    listings = fields.Nested(Placed, metadata={"description": "Once it is done."})


class SheetRow(field.Answer):
    """One person of a table."""

    row = event.Count(required=True, metadata={"description": "The heading is row 1."})
    email = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    outcome = field.slug(OUTCOMES, required=True)
    code = fields.String(required=True, metadata={"description": "Why."})
    text = fields.String(required=True)
    member_id = fields.String(required=True, allow_none=True, metadata={"format": "uuid"})


class SheetRows(field.Answer):
    items = fields.List(fields.Nested(SheetRow), required=True)
    next = fields.String(required=True, allow_none=True)


class RowsQuery(field.Page):
    outcome = field.slug(OUTCOMES)
