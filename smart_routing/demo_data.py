"""What the businesses of the examples have in their systems when the demo begins: brought in by the office's own APIs."""

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
    requests: tuple[Request, ...]


async def bring(office: ClientSession, folder: Path) -> None:
    """Bring in what the example of a folder has, where it has a file.

    Raises CannotStart where the office does not take it: the example's data and its definitions do not fit.
    """
    path = folder / DATA
    if not path.exists():
        return
    for request in Data.model_validate(load(path.read_bytes())).requests:
        async with office.post(request.path, json=request.body) as response:
            if response.status >= 400:
                raise CannotStart(f"The demo's data were not taken: {path}: {request.path}: {await response.text()}")
