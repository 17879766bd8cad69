"""The flows that are published, and their drawings."""

import asyncio
from collections.abc import Mapping
from typing import Final

from processor.engine.action import Action
from processor.engine.flow import Flow
from processor.flow.drawing import draw
from processor.runtime.definition_reader import DefinitionReader
from schemas.codec import Codec
from schemas.deployment import Deployment

_CATCH_UP_SEC: Final = 10.0
_DRAWINGS: Final = 64


class Catalogue:
    """Reads the topic `definitions` up to its end whenever it is asked."""

    def __init__(self, deployment: Deployment, codec: Codec, action_types: Mapping[str, type[Action]]) -> None:
        self._reader = DefinitionReader(deployment, codec, action_types)
        self._reading = asyncio.Lock()
        self._drawings: dict[str, str] = {}

    async def in_service(self) -> list[Flow]:
        """Return the production versions in service.

        Raises KafkaException or TimeoutError where the topic cannot be read.
        """
        await self._catch_up()
        return self._reader.newest().flows()

    async def drawing(self, reference: str, version: int) -> str | None:
        """Return a published version's drawing, in service or not, as SVG; None where there is no such version.

        Raises as `in_service` does.
        """
        flow = self._published(reference, version)
        if flow is None:
            await self._catch_up()
            flow = self._published(reference, version)
        return None if flow is None else await self._drawn(flow)

    def close(self) -> None:
        """Leave the topic."""
        self._reader.close()

    async def _catch_up(self) -> None:
        async with self._reading:
            await asyncio.to_thread(self._reader.catch_up, _CATCH_UP_SEC)

    async def _drawn(self, flow: Flow) -> str:
        key = f"{flow.reference} {flow.version} {flow.content_hash}"
        drawing = self._drawings.get(key)
        if drawing is None:
            drawing = self._drawings[key] = await asyncio.to_thread(draw, flow)
            if len(self._drawings) > _DRAWINGS:
                del self._drawings[next(iter(self._drawings))]
        return drawing

    def _published(self, reference: str, version: int) -> Flow | None:
        try:
            return self._reader.newest().flow(reference, version)
        except AssertionError:  # as its docstring has it: no such version; here it is the browser that names one
            return None
