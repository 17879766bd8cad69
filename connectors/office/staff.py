"""Those who work in the office, and how they show who they are."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connectors.office.settings import OfficeSettings, Person, Program

ADMIN: Final = "admin"
SENT: Final = ("utf-8", "surrogateescape")
"""Gives back the bytes of a header that is no UTF-8, which aiohttp reads so."""

_hasher = PasswordHasher()
_NOBODY: Final = _hasher.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody, or a program, who has shown who he is."""

    name: str
    roles: frozenset[str]
    user: str
    """Reference of the ACD's user."""

    def may(self, roles: Iterable[str]) -> bool:
        """Whether one of these roles is his; whoever is signed in may do what asks for none."""
        wanted = frozenset(roles)
        return not wanted or ADMIN in self.roles or bool(wanted & self.roles)


def hashed(password: str) -> str:
    """Return the Argon2id hash of a password (RFC 9106), with a salt of its own."""
    return _hasher.hash(password)


class StaffList:
    """Those who may come in."""

    def __init__(self, settings: OfficeSettings) -> None:
        self._staff = settings.staff
        self._programs = {_digest(program.token.get_secret_value()): (name, program) for name, program in settings.programs.items()}

    def by_name(self, name: str) -> Staff | None:
        """Return somebody; None where nobody has this name (any more)."""
        person = self._staff.get(name)
        return None if person is None else _staff(name, person)

    def by_password(self, name: str, password: str) -> Staff | None:
        """Return who signs in; None where name or password are wrong, which takes the same time. Blocks for some 50 ms."""
        person = self._staff.get(name)
        try:
            _hasher.verify(_NOBODY if person is None else person.password.get_secret_value(), password)
        except (VerificationError, InvalidHashError):
            return None
        return None if person is None else _staff(name, person)

    def by_token(self, token: str) -> Staff | None:
        """Return the program with a bearer token; None where none has it."""
        given = _digest(token)
        for digest, (name, program) in self._programs.items():
            if hmac.compare_digest(digest, given):
                return _staff(name, program)
        return None


def _staff(name: str, entry: Person | Program) -> Staff:
    return Staff(name, frozenset(entry.roles), entry.user or name)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(*SENT)).digest()
