"""Shapes about asks: several givers asked at once."""

from marshmallow import fields, validate

from gateway.schemas import field
from gateway.schemas.exchanges import LONGEST_MESSAGE, Exchange
from services.contracts import event

FEWEST, MOST = 2, 3
"""Givers of one ask; a single one is asked by ``POST /v1/exchanges``."""


class AskBody(field.Body):
    """The same question to the owners of two or three offers, each of another person."""

    listing_ids = fields.List(
        field.Id(),
        required=True,
        validate=validate.Length(min=FEWEST, max=MOST),
        metadata={"description": "Offers of different people."},
    )
    minutes = event.Minutes(required=True)
    starts_at = field.Moment(allow_none=True)
    message = field.Text(max=LONGEST_MESSAGE, blank=True, lines=True, allow_none=True)


class Ask(field.Answer):
    """An ask and the exchanges that came of it: one of them at most goes on."""

    id = field.id_text(required=True)
    exchanges = fields.List(
        fields.Nested(Exchange),
        required=True,
        metadata={
            "description": "One for each giver. Once one is accepted, the others are `withdrawn`."
        },
    )
