"""Shapes about what was done, by whom and why."""

from marshmallow import fields

from gateway.schemas import field

ACTIONS = (
    "approve", "refuse", "leave", "import", "import_people", "invite_people",
    "grant", "revoke", "name_cover", "end_cover",
    "add_address", "remove_address", "change_main_address",
    "register", "replace_keys", "withdraw", "consent", "end_consent",
    "export_audit",
)  # fmt: skip
LONGEST_PERSON = 200
_PERSON = {"description": "An id, an e-mail address, or the beginning of a name."}


class AuditExport(field.Body):
    """What is looked for; what is absent may be anything."""

    who = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    about = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    action = field.slug(ACTIONS)
    from_ = field.Day(data_key="from")
    to = field.Day()


class AuditQuery(field.Page):
    """The same, and which page of it."""

    who = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    about = field.Text(max=LONGEST_PERSON, metadata=_PERSON)
    action = field.slug(ACTIONS)
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
        metadata={"description": "Nobody for an operator's command."},
    )
    action = fields.String(required=True)
    about = fields.String(
        required=True, metadata={"description": "What the subject is: member, system or none."}
    )
    subject = fields.Nested(Person, required=True)
    detail = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class AuditLines(field.Answer):
    items = fields.List(fields.Nested(AuditLine), required=True)
    next = fields.String(required=True, allow_none=True)
