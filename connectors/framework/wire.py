"""The codec as an event loop can use it: a schema registry is asked in a thread, and again until it answers."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import stamina

from schemas.codec import Codec, Datum, UndecodableRecord, UnencodableRecord
from schemas.deployment import Deployment
from schemas.registry import SchemaRegistry

Result = TypeVar("Result")


class Wire:
    """Encodes and decodes records; without a registry both are pure computation."""

    def __init__(self, registry: SchemaRegistry | None = None) -> None:
        self._codec = Codec(registry)
        self._asks = registry is not None

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """Return the wire of a deployment."""
        return cls(None if deployment.schema_registry_url is None else SchemaRegistry(deployment.schema_registry_url))

    async def encode(self, name: str, datum: Mapping[str, Any]) -> bytes:
        """Return the record's bytes.

        Raises UnencodableRecord when the datum does not fit the schema.
        """
        return await self._call(lambda: self._codec.encode(name, datum))

    async def decode(self, value: bytes | None) -> tuple[str, Datum]:
        """Return the schema's name and the datum.

        Raises UndecodableRecord when the bytes are no record of ours.
        """
        return await self._call(lambda: self._codec.decode(value))

    async def _call(self, work: Callable[[], Result]) -> Result:
        if not self._asks:
            return work()
        async for attempt in stamina.retry_context(on=_is_the_registrys, attempts=None, timeout=None):
            with attempt:
                return await asyncio.to_thread(work)
        raise AssertionError("retried for ever")


def _is_the_registrys(error: Exception) -> bool:
    # A record that does not fit stays so; whatever else went wrong is between us and the registry, and no reason to lose a record.
    return not isinstance(error, UndecodableRecord | UnencodableRecord)
