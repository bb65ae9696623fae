"""The shapes of what members is sent, and the one form in which a wrong shape is told."""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow
from marshmallow import fields, validate

from services.contracts import scopes, words
from services.members import errors, network, role, sheet

LONGEST_TABLE = 512 * 1024
"""Characters of a table of people: a thousand rows of five hundred."""


class Text(fields.String):
    """Text a person wrote: trimmed, of a length, without characters no keyboard makes.

    Args:
        most: characters allowed after trimming.
        least: characters needed.
        lines: whether line breaks and tabs may be part of it.
    """

    def __init__(self, most: int, least: int = 1, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(least, most), **kwargs)
        self.lines = lines

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        visible = text.translate({ord(space): " " for space in "\n\r\t"}) if self.lines else text
        # A lone surrogate cannot be stored; a control character can, or hides something.
        if any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in visible) or any(
            0xD800 <= ord(char) < 0xE000 for char in visible
        ):
            raise marshmallow.ValidationError("Contains characters that cannot be kept.")
        return text


class Line(Text):
    """One line that strangers read: nothing in it that cannot be seen, blanks one at a time."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = " ".join(super()._deserialize(value, attr, data, **kwargs).split())
        if not text.isprintable():
            raise marshmallow.ValidationError("Contains characters that cannot be kept.")
        return text


class Skills(fields.List):
    """Up to 30 skills in the member's words; the same word twice counts once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(100), validate=validate.Length(max=30), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        found: dict[str, str] = {}
        for skill in super()._deserialize(value, attr, data, **kwargs):
            found.setdefault(str(skill).casefold(), str(skill))
        return list(found.values())


class Joining(marshmallow.Schema):
    """What somebody says of themselves when joining."""

    name = Text(200, required=True)
    organisation = Text(200, required=True)
    region = fields.String(required=True, validate=validate.OneOf(words.REGIONS))
    about = Text(2000, least=0, lines=True, load_default=None, allow_none=True)
    skills_offered = Skills(load_default=list)
    skills_wanted = Skills(load_default=list)
    invitation = Text(64, load_default=None, allow_none=True)


class Flag(fields.Boolean):
    """``true`` or ``false`` themselves; words and numbers that look like them are refused."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Changing(marshmallow.Schema):
    """Any of the same, later; and what others may see of it."""

    name = Text(200)
    organisation = Text(200)
    region = fields.String(validate=validate.OneOf(words.REGIONS))
    about = Text(2000, least=0, lines=True, allow_none=True)
    skills_offered = Skills()
    skills_wanted = Skills()
    shows_employer = Flag()
    shows_email = Flag()


class Hosting(marshmallow.Schema):
    """A network as its host calls it."""

    name = Line(network.LONGEST, least=network.SHORTEST, required=True)


class Naming(marshmallow.Schema):
    """What somebody who is invited is called, where that is known."""

    name = Text(200, least=0)


class Bringing(marshmallow.Schema):
    """A table of people, as CSV."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(sheet.COLUMNS)))
    table = fields.String(required=True, validate=validate.Length(1, LONGEST_TABLE))


class Deciding(marshmallow.Schema):
    """Why somebody is refused, or given or deprived of a role."""

    reason = Text(1000, lines=True, required=True)


class Giving(marshmallow.Schema):
    """The roles a member is to have, beside plain membership."""

    roles = fields.List(
        fields.String(validate=validate.OneOf(("member", *role.GRANTABLE))), required=True
    )


class Covering(marshmallow.Schema):
    """Who stands in for whom: ``away_email`` only where the national team names somebody."""

    region = fields.String(required=True, validate=validate.OneOf(words.REGIONS))
    colleague_email = Text(254, required=True)
    away_email = Text(254, load_default=None, allow_none=True)
    until = fields.AwareDateTime(required=True)
    reason = Text(1000, lines=True, required=True)


class Finding(marshmallow.Schema):
    """Part of a name, or an address."""

    q = Text(200, required=True)


class Paging(marshmallow.Schema):
    """How much of a list is wanted."""

    limit = fields.Integer(strict=True, load_default=20, validate=validate.Range(1, 100))


class Waiting(Paging):
    """A page of members: behind the id ``cursor``."""

    status = fields.String(
        load_default="waiting", validate=validate.OneOf(("waiting", "approved", "refused"))
    )
    cursor = fields.UUID(load_default=None, allow_none=True)


class Reporting(Paging):
    """A page of a table's report: behind the row ``cursor``."""

    outcome = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(sheet.OUTCOMES)
    )
    cursor = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000))


class Searching(Paging):
    """A page of organisations: behind the code ``cursor``, as they stood on a day."""

    q = Text(200, least=0, load_default=None, allow_none=True)
    region = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(words.REGIONS)
    )
    cursor = Text(10, load_default=None, allow_none=True)
    on = fields.Date(load_default=None, allow_none=True)


class AuditPeople(marshmallow.Schema):
    """Whom the audit is asked about, by id, address or name."""

    who = Text(200, least=0, load_default=None, allow_none=True)
    about = Text(200, least=0, load_default=None, allow_none=True)


class Scopes(fields.List):
    """One scope or more, of those there are."""

    def __init__(self, least: int = 1, **kwargs: Any) -> None:
        one = fields.String(validate=validate.OneOf(tuple(scopes.SCOPES)))
        super().__init__(one, validate=validate.Length(least, len(scopes.SCOPES)), **kwargs)


class Keying(marshmallow.Schema):
    """Public keys as JWKs, each with its ``kid``; that they are keys was checked before."""

    keys = fields.List(
        fields.Dict(keys=fields.String()), required=True, validate=validate.Length(1, 5)
    )


class Registering(Keying):
    """A system the national team lets in."""

    name = Text(200, required=True)
    organisation = Text(200, required=True)
    scopes = Scopes(required=True)
    regions = fields.List(
        fields.String(validate=validate.OneOf(words.REGIONS)),
        required=True,
        validate=validate.Length(1, len(words.REGIONS)),
    )


class Listing(Paging):
    """A page of systems: behind the id ``cursor``."""

    cursor = fields.UUID(load_default=None, allow_none=True)


class Admitting(marshmallow.Schema):
    """A system that has proved itself by a signed assertion, and the token it is to get."""

    client_id = fields.String(required=True)
    key_id = fields.String(required=True)
    jti = Text(255, required=True)
    expires_at = fields.Integer(strict=True, required=True)
    token_hash = fields.String(required=True)
    scopes = Scopes(least=0, load_default=list)


class Agreeing(marshmallow.Schema):
    """What a member lets a system do."""

    client_id = fields.String(required=True)
    scopes = Scopes(required=True)


def load(schema: type[marshmallow.Schema], data: Any) -> dict[str, Any]:
    """The values in ``data``.

    Raises:
        errors.Invalid: with ``errors``, a list of JSON pointers and sentences.
    """
    try:
        found: dict[str, Any] = schema().load(data)
        return found
    except marshmallow.ValidationError as error:
        raise errors.Invalid(errors=list(_faults(error.normalized_messages()))) from None


def _faults(messages: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _faults(below, pointer if key == "_schema" else f"{pointer}/{key}")
    else:
        for message in messages:
            yield {"pointer": pointer, "message": str(message)}
