"""Shapes about saved searches."""

from marshmallow import fields

from gateway.schemas import field
from gateway.schemas.listings import Listing
from services.contracts import words

LONGEST_WORDS = 200


class SearchBody(field.Body):
    """What one wants to hear of, as in `GET /v1/listings`; without any, of everything new."""

    q = field.Text(max=LONGEST_WORDS, allow_none=True)
    kind = field.slug(words.LISTING_KINDS, allow_none=True)
    category = field.slug(words.CATEGORIES, allow_none=True)
    region = field.region(allow_none=True)


class SavedSearch(field.Answer):
    id = field.id_text(required=True)
    q = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    saved_at = field.moment_text(required=True)


class SavedSearches(field.Answer):
    items = fields.List(fields.Nested(SavedSearch), required=True)
    found = fields.List(
        fields.Nested(Listing),
        required=True,
        metadata={"description": "What one was told of in the last 7 days and still stands."},
    )
    next = fields.String(required=True, allow_none=True)
