"""The shape of a problem document."""

from marshmallow import fields

from gateway.schemas import field


class FieldError(field.Answer):
    """What is wrong with one field of the body, or one parameter."""

    pointer = fields.String(metadata={"description": "JSON pointer into the body."})
    parameter = fields.String(metadata={"description": "Name of the parameter."})
    message = fields.String(required=True)
    code = fields.String(required=True)


class Problem(field.Answer):
    """RFC 9457; further members depend on the code."""

    type = fields.String(required=True, metadata={"format": "uri"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; decide by it."})
    errors = fields.List(fields.Nested(FieldError), required=True)
    correlation_id = fields.String(required=True, allow_none=True)
