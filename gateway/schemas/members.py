"""Shapes about members, organisations and regions."""

from marshmallow import fields

from gateway.schemas import field
from services.contracts import event, words

MOST_SKILLS = 30


class MemberBody(field.Body):
    """What a joiner says; the e-mail address comes from the token."""

    name = field.Text(required=True, max=200)
    organisation = field.Text(
        required=True,
        max=200,
        metadata={"description": "ODS code, or a name where there is none."},
    )
    region = field.region(required=True)
    about = field.Text(max=2_000, blank=True, lines=True, allow_none=True)
    skills_offered = field.skills(MOST_SKILLS, load_default=list)
    skills_wanted = field.skills(MOST_SKILLS, load_default=list)


class MemberPatch(field.Body):
    """What a member changes; what is not named stays."""

    name = field.Text(max=200)
    organisation = field.Text(max=200)
    region = field.region()
    about = field.Text(max=2_000, blank=True, lines=True, allow_none=True)
    skills_offered = field.skills(MOST_SKILLS)
    skills_wanted = field.skills(MOST_SKILLS)
    shows_employer = field.Flag(
        metadata={"description": "Whether other members see where one works."}
    )
    shows_email = field.Flag(
        metadata={"description": "Whether the other sees one's address once both said yes."}
    )


class Member(field.Answer):
    """A member, as members see each other."""

    id = field.id_text(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True, allow_none=True)
    organisation_name = fields.String(allow_none=True)
    region = field.region(required=True)
    about = fields.String(allow_none=True)
    skills_offered = fields.List(fields.String())
    skills_wanted = fields.List(fields.String())
    status = field.slug(words.MEMBER_STATUSES)
    roles = fields.List(fields.String(), metadata={"description": "Only one's own."})
    joined_at = field.moment_text()
    version = event.Count()
    email = fields.String(
        metadata={"description": "Only one's own, or that of a joiner one decides about."}
    )
    shows_employer = fields.Boolean(metadata={"description": "Only one's own."})
    shows_email = fields.Boolean(metadata={"description": "Only one's own."})
    addresses = fields.List(
        fields.String(),
        metadata={
            "description": "Only one's own: every address that signs in, `email` among them."
        },
    )
    escalated = fields.Boolean(metadata={"description": "Whether a joiner has waited too long."})


class Members(field.Answer):
    items = fields.List(fields.Nested(Member), required=True)
    next = fields.String(required=True, allow_none=True)


class MembersQuery(field.Page):
    """Who is waiting to be let in; a region's reps and the national team may ask."""

    status = field.slug(("waiting", "approved", "refused"), load_default="waiting")


class Leaving(field.Query):
    """Where a leaver's credit goes."""

    choice = field.slug(
        ("fund",), load_default="fund", metadata={"description": "The community fund."}
    )


class Refusal(field.Body):
    """Why a joiner is not let in."""

    reason = field.Text(required=True, max=1_000, lines=True)


class Organisation(field.Answer):
    """A trust or a board, as it stands today."""

    code = fields.String(required=True, metadata={"description": "ODS code."})
    kind = fields.String(required=True)
    name = fields.String(required=True)
    icb_code = fields.String(allow_none=True)
    icb_name = fields.String(allow_none=True)
    region = fields.String(allow_none=True)


class Organisations(field.Answer):
    items = fields.List(fields.Nested(Organisation), required=True)
    next = fields.String(required=True, allow_none=True)


class OrganisationsQuery(field.Page):
    q = field.Text(max=100, metadata={"description": "Part of a name, or an ODS code."})
    region = field.region()


class Icb(field.Answer):
    """An integrated care board."""

    code = fields.String(required=True, metadata={"description": "ODS code."})
    name = fields.String(required=True)


class Region(field.Answer):
    """One of the seven."""

    slug = field.region(required=True)
    name = fields.String(required=True)
    ods_code = fields.String(required=True)
    ons_code = fields.String(allow_none=True)
    icbs = fields.List(fields.Nested(Icb), required=True)


class Regions(field.Answer):
    items = fields.List(fields.Nested(Region), required=True)
