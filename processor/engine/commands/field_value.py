"""A value for a declared field, as commands of several families carry it."""

from msgspec import Struct


class FieldValue(Struct, frozen=True):
    """A field, the type that it is declared with, and a value of it in canonical text."""

    name: str
    type: str
    value: str
