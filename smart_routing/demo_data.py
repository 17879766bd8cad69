"""What the businesses of the examples have in their systems when the demo begins: brought in by the office's own APIs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from aiohttp import ClientSession
from pydantic import BaseModel, ConfigDict, Field

from processor.flow.document import load
from smart_routing.cannot_start import CannotStart
from smart_routing.example import DATA


class Request(BaseModel):
    """One request to the office."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(pattern="^/api/")
    body: Any


class Data(BaseModel):
    """A file of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["data"]
    business: tuple[Request, ...] = Field(default=(), description="What the business has.")
    customer: tuple[Request, ...] = Field(
        default=(), description="What it has of each customer of the demo; {address} stands for the customer's address on the web chat."
    )


def data_of(folder: Path) -> Data:
    """Return what the example of a folder has; nothing where it has no file."""
    path = folder / DATA
    return Data.model_validate(load(path.read_bytes())) if path.exists() else Data(kind="data")


async def bring(office: ClientSession, requests: tuple[Request, ...], **customer: str) -> None:
    """Bring data in.

    Raises CannotStart where the office does not take it: the example's data and its definitions do not fit.
    """
    for request in requests:
        async with office.post(request.path, json=_filled(request.body, customer)) as response:
            if response.status >= 400:
                raise CannotStart(f"The demo's data were not taken: {request.path}: {await response.text()}")


def _filled(body: Any, customer: Mapping[str, str]) -> Any:
    match body:
        case str() if body.startswith("{") and body.endswith("}"):
            return customer.get(body[1:-1], body)
        case dict():
            return {name: _filled(value, customer) for name, value in body.items()}
        case list():
            return [_filled(value, customer) for value in body]
        case _:
            return body
