"""Answers that ask us to come again."""

import time
from email.utils import parsedate_to_datetime
from typing import Final

from aiohttp import ClientResponse

_BUSY: Final = frozenset({429, 503})


def is_busy(response: ClientResponse) -> bool:
    """Whether the service has not done it and may do it later (RFC 6585, 4; RFC 9110, 15.6.4)."""
    return response.status in _BUSY


def retry_after(response: ClientResponse) -> float | None:
    """Return how many seconds the service asks us to wait (RFC 9110, 10.2.3: seconds or a date)."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        return max(parsedate_to_datetime(asked).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None
