"""Email addresses: syntax only, no DNS (RFC 5322 and 6531 as `email-validator` reads them)."""

from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email

if TYPE_CHECKING:
    from processor.engine.flow import Flow


def parse(value: str, flow: "Flow") -> str:  # noqa: ARG001 - every type's parse takes the flow
    """Return the address, its domain normalised."""
    try:
        return validate_email(value.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"an email address, found a fault in it: {error}") from error
