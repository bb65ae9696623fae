"""Shapes of the development issuer."""

from typing import Any

import marshmallow
from marshmallow import fields

from gateway import tokens
from gateway.schemas import field


class Address(field.Text):
    """One e-mail address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=254, metadata={"format": "email"}, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not tokens.looks_like_an_address(text):
            raise marshmallow.ValidationError("Must be one e-mail address.")
        return text


class SignIn(field.Body):
    email = Address(required=True)


class Token(field.Answer):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})


class KeySet(field.Answer):
    keys = fields.List(fields.Dict(), required=True)


class Discovery(field.Answer):
    issuer = fields.String(required=True)
    jwks_uri = fields.String(required=True)
    authorization_endpoint = fields.String(required=True)
    token_endpoint = fields.String(required=True)
    response_types_supported = fields.List(fields.String(), required=True)
    subject_types_supported = fields.List(fields.String(), required=True)
    code_challenge_methods_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    id_token_signing_alg_values_supported = fields.List(fields.String(), required=True)
