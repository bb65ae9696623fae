"""Shapes about one's own e-mail addresses."""

from gateway.schemas import field
from gateway.schemas.sign_in import Address


class AddressBody(field.Body):
    email = Address(required=True)
