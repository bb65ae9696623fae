"""Shapes about what was done, by whom and why."""

from marshmallow import fields

from gateway.schemas import field
from services.contracts import audit, words

LONGEST_PERSON = 200
_PERSON = {"description": "An id, an e-mail address, or the beginning of a name."}
_REGION = {"description": "Of whom or what it is about; national where that is none of the seven."}


class AuditExport(field.Body):
    """What is looked for; what is absent may be anything."""

    who = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    about = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    action = field.slug(audit.WORDS)
    region = field.slug(words.ROUTES, metadata=_REGION)
    from_ = field.Day(data_key="from")
    to = field.Day()


class AuditQuery(field.Page):
    """The same, and which page of it."""

    who = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    about = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    action = field.slug(audit.WORDS)
    region = field.slug(words.ROUTES, metadata=_REGION)
    from_ = field.Day(data_key="from")
    to = field.Day()


class Person(field.Answer):
    id = field.id_text(required=True)
    name = fields.String(required=True, allow_none=True)


class AuditLine(field.Answer):
    """One thing that was done."""

    id = field.id_text(required=True)
    at = field.moment_text(required=True)
    actor = fields.Nested(
        Person,
        required=True,
        allow_none=True,
        metadata={"description": "Nobody where it was a command or a rule: see by."},
    )
    by = fields.String(
        metadata={
            "description": "By whose hand: member, system, operator (a command), rule (a deadline,"
            " or what follows from something else)."
        }
    )
    action = fields.String(required=True)
    about = fields.String(
        required=True,
        metadata={"description": f"What the subject is: {', '.join(audit.ABOUT)}."},
    )
    subject = fields.Nested(Person, required=True)
    people = fields.List(
        fields.Nested(Person), metadata={"description": "Members it is about, perhaps several."}
    )
    detail = fields.String(required=True, allow_none=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What is said of a concern stays with it, and is not told here."},
    )
    region = fields.String(metadata=_REGION)
    service = fields.String(metadata={"description": "That keeps it."})


class AuditLines(field.Answer):
    items = fields.List(fields.Nested(AuditLine), required=True)
    next = fields.String(required=True, allow_none=True)
    silent = fields.List(
        fields.String(),
        metadata={"description": "Services that did not answer: what they keep is missing."},
    )
