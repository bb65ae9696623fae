"""Shapes about listings: offers and requests."""

from marshmallow import fields, validate

from gateway.schemas import field
from services.contracts import event, words

MOST_AT_ONCE = 10_000
MOST_SKILLS = 20
MOST_SLOTS = 20


class SlotBody(field.Body):
    """A time at which the owner of an offer can help."""

    starts_at = field.Moment(required=True)
    minutes = event.Minutes(required=True)


def _slots() -> fields.List:
    return fields.List(
        fields.Nested(SlotBody),
        validate=validate.Length(max=MOST_SLOTS),
        metadata={
            "description": "Of an offer: times that can be taken, each once. They replace those "
            "there were; what somebody has taken stays."
        },
    )


class ListingBody(field.Body):
    """An offer or a request, in the member's own words."""

    kind = field.slug(words.LISTING_KINDS, required=True)
    title = field.Text(required=True, max=200)
    description = field.Text(required=True, max=5_000, lines=True)
    category = field.slug(words.CATEGORIES, allow_none=True)
    pathway = field.slug(words.PATHWAYS, allow_none=True)
    minutes = event.Minutes(required=True)
    online = field.Flag(load_default=True)
    place = field.Text(max=200, allow_none=True)
    skills = field.skills(MOST_SKILLS, load_default=list)
    capacity = event.Count(
        allow_none=True,
        validate=validate.Range(min=1, max=MOST_AT_ONCE),
        metadata={"description": "Exchanges open at once; absent means unlimited."},
    )
    expires_at = field.Moment(allow_none=True)
    slots = _slots()


class ListingPatch(field.Body):
    """What its owner changes; what is not named stays, ``null`` clears."""

    title = field.Text(max=200)
    description = field.Text(max=5_000, lines=True)
    category = field.slug(words.CATEGORIES, allow_none=True)
    pathway = field.slug(words.PATHWAYS, allow_none=True)
    minutes = event.Minutes()
    online = field.Flag()
    place = field.Text(max=200, allow_none=True)
    skills = field.skills(MOST_SKILLS)
    capacity = event.Count(allow_none=True, validate=validate.Range(min=1, max=MOST_AT_ONCE))
    expires_at = field.Moment(allow_none=True)
    slots = _slots()


class Owner(field.Answer):
    id = field.id_text(required=True)
    name = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    organisation_name = fields.String(allow_none=True)


class Funding(field.Answer):
    """Whether the caller's credits will do, and the ways out when they will not."""

    enough = fields.Boolean(required=True)
    available_minutes = event.Count(required=True)
    shortfall_minutes = event.Count(required=True)
    ways_out = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What helps when it is not enough: actions, or `give_first`."},
    )


class Slot(field.Answer):
    """A time one can ask for by its id: see ``slot_id`` in ``POST /v1/exchanges``."""

    id = field.id_text(required=True)
    starts_at = field.moment_text(required=True)
    minutes = event.Count(required=True)
    taken = fields.Boolean(
        metadata={"description": "Seen by the owner only; others are shown what is free."}
    )


class Listing(field.Answer):
    id = field.id_text(required=True)
    kind = field.slug(words.LISTING_KINDS, required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    category = fields.String(allow_none=True)
    pathway = fields.String(allow_none=True)
    minutes = event.Count(required=True)
    online = fields.Boolean()
    place = fields.String(allow_none=True)
    skills = fields.List(fields.String())
    capacity = event.Count(allow_none=True)
    open_exchanges = event.Count()
    state = field.slug(words.LISTING_STATES)
    region = fields.String()
    owner = fields.Nested(Owner)
    expires_at = field.moment_text(allow_none=True)
    published_at = field.moment_text()
    slots = fields.List(
        fields.Nested(Slot), metadata={"description": "Times that lie ahead, the soonest first."}
    )
    version = event.Count()
    funding = fields.Nested(Funding)


class Listings(field.Answer):
    items = fields.List(fields.Nested(Listing), required=True)
    next = fields.String(required=True, allow_none=True)


class ListingsQuery(field.Page):
    q = field.Text(
        max=200,
        metadata={
            "description": "Words to look for. What fits best comes first; of more than 200"
            " listings with the words the newest 200 are ranked and shown."
        },
    )
    kind = field.slug(words.LISTING_KINDS)
    category = field.slug(words.CATEGORIES)
    pathway = field.slug(words.PATHWAYS)
    region = field.region()
    state = field.slug(words.LISTING_STATES, metadata={"description": "Of one's own listings."})
    skill = field.Text(max=field.LONGEST_SKILL)
    online = field.Asked()
    mine = field.Asked()
    owner = field.Id(metadata={"description": "Of this member alone, oneself included."})
