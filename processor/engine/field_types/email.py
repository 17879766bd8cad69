"""Email addresses: syntax only, no DNS (RFC 5322 and 6531 as `email-validator` reads them)."""

from functools import lru_cache
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:  # noqa: ARG001 - every type's parse takes the flow
    """Return the address, its domain normalised."""
    return _normalised(value.strip())


@lru_cache(maxsize=4096)  # a customer's address is read again by every action that it is given to
def _normalised(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"an email address, found a fault in it: {error}") from error
