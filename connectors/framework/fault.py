"""What is wrong with a request, as the gateway answers it."""

from typing import Any

from aiohttp import web
from pydantic import ValidationError

_LONGEST_FOUND = 80


class Fault(Exception):
    """A request that cannot be accepted: where it is wrong, what was expected and what was found."""

    def __init__(self, status: int, where: str, expected: str, found: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found}")
        self.status = status
        self.where = where
        self.expected = expected
        self.found = found

    def response(self) -> web.Response:
        """Return it as JSON."""
        return web.json_response({"error": self.where, "expected": self.expected, "found": self.found}, status=self.status)

    @classmethod
    def of(cls, invalid: ValidationError) -> "Fault":
        """Return the first fault that a model found."""
        error = invalid.errors(include_url=False)[0]
        where = ".".join(str(step) for step in error["loc"]) or "body"
        match error["type"]:
            case "json_invalid":
                return cls(400, "body", "JSON", str(error["ctx"]["error"]))
            case "missing":
                return cls(400, where, "a value", "nothing")
            case "extra_forbidden":
                return cls(400, where, "no such member", shown(error["input"]))
            case "too_large":
                return cls(413, where, error["ctx"]["expected"], error["ctx"]["found"])
            case _:
                said = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("expected ")
                return cls(400, where, said, shown(error["input"]))


def shown(value: Any) -> str:
    """Return a value as an error shows it: short, and on one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_FOUND else f"{text[:_LONGEST_FOUND]}…"
