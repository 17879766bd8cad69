"""Flows and the reference data that they name, as they stood at one offset of the topic `definitions`."""

from bisect import bisect_right
from collections import defaultdict
from typing import Generic, TypeVar

from processor.engine.entities import Entity, EntryPoint
from processor.engine.flow import Flow

T = TypeVar("T")


class _History(Generic[T]):
    """The values that one key has had, each from its offset on."""

    __slots__ = ("_offsets", "_values")

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._values: list[T | None] = []

    def set(self, offset: int, value: T | None) -> None:
        self._offsets.append(offset)
        self._values.append(value)

    def at(self, offset: int) -> T | None:
        if self._offsets[-1] <= offset:  # nearly always: the newest
            return self._values[-1]
        position = bisect_right(self._offsets, offset)
        return self._values[position - 1] if position else None


class _Tables:
    """All that was ever defined."""

    __slots__ = ("by_id", "by_reference", "entry_points", "latest", "production", "versions")

    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], tuple[int, Flow]] = {}
        self.production: defaultdict[str, _History[Flow]] = defaultdict(_History)
        self.latest: defaultdict[str, _History[int]] = defaultdict(_History)
        self.by_id: defaultdict[tuple[str, str], _History[Entity]] = defaultdict(_History)
        self.by_reference: defaultdict[tuple[str, str], _History[Entity]] = defaultdict(_History)
        self.entry_points: defaultdict[tuple[str, str], _History[EntryPoint]] = defaultdict(_History)


class DefinitionLog:
    """Every version of every definition, each with its offset. Only ever appended to."""

    def __init__(self) -> None:
        self.offset = -1
        """Offset of the newest definition; -1 while there is none."""
        self._tables = _Tables()

    def skip(self, offset: int) -> None:
        """Note that the record at an offset defines nothing."""
        self.offset = offset

    def publish_flow(self, offset: int, flow: Flow) -> None:
        """Add a production version; a number that is taken already keeps its first flow."""
        self.offset = offset
        if self._tables.versions.setdefault((flow.reference, flow.version), (offset, flow))[1] is flow:
            self._tables.production[flow.reference].set(offset, flow)
            latest = max(flow.version, self.at(offset).latest_version(flow.reference))
            self._tables.latest[flow.reference].set(offset, latest)

    def retire_flow(self, offset: int, reference: str, version: int) -> None:
        """Take a version out of service: new interactions no longer start with it, those that run drain."""
        self.offset = offset
        production = self.at(offset).production(reference)
        if production is not None and production.version == version:
            self._tables.production[reference].set(offset, None)

    def publish(self, offset: int, entity: Entity) -> None:
        """Add or replace an entity."""
        self._forget(offset, entity.entity_kind, entity.id)
        self._tables.by_id[entity.entity_kind, entity.id].set(offset, entity)
        self._tables.by_reference[entity.entity_kind, entity.reference].set(offset, entity)
        if isinstance(entity, EntryPoint):
            self._tables.entry_points[entity.channel, entity.account].set(offset, entity)

    def delete(self, offset: int, kind: str, identity: str) -> None:
        """End an entity."""
        self._forget(offset, kind, identity)
        self._tables.by_id[kind, identity].set(offset, None)

    def at(self, offset: int) -> "Definitions":
        """Return the definitions as they stood at an offset."""
        return Definitions(self._tables, offset)

    def newest(self) -> "Definitions":
        """Return the definitions as they stand now."""
        return Definitions(self._tables, self.offset)

    def _forget(self, offset: int, kind: str, identity: str) -> None:
        self.offset = offset
        known = self.at(offset)
        old = known.entity(kind, identity)
        # What another entity has taken over in the meantime stays with it.
        if old is not None and known.by_reference(kind, old.reference) is old:
            self._tables.by_reference[kind, old.reference].set(offset, None)
        if isinstance(old, EntryPoint) and known.entry_point(old.channel, old.account) is old:
            self._tables.entry_points[old.channel, old.account].set(offset, None)


class Definitions:
    """What was defined at one offset. A value: the same offset of the same topic gives the same answers for good."""

    __slots__ = ("_tables", "offset")

    def __init__(self, tables: _Tables, offset: int) -> None:
        self._tables = tables
        self.offset = offset

    def version(self, reference: str, version: int) -> Flow | None:
        """Return a published version, in service or not."""
        found = self._tables.versions.get((reference, version))
        return found[1] if found is not None and found[0] <= self.offset else None

    def flow(self, reference: str, version: int) -> Flow:
        """Return a version that is known to be published.

        Raises AssertionError where there is none: an interaction never holds a version that was not published.
        """
        found = self.version(reference, version)
        if found is None:
            raise AssertionError(f"flow {reference} version {version} is not among the definitions up to offset {self.offset}")
        return found

    def latest_version(self, reference: str) -> int:
        """Return the highest production number of a flow, in service or not; 0 where there is none."""
        latest = self._tables.latest.get(reference)
        return (latest.at(self.offset) or 0) if latest is not None else 0

    def production(self, reference: str) -> Flow | None:
        """Return the version in service: the one published last, unless it was retired."""
        history = self._tables.production.get(reference)
        return history.at(self.offset) if history is not None else None

    def entity(self, kind: str, identity: str) -> Entity | None:
        """Return an entity by its id."""
        history = self._tables.by_id.get((kind, identity))
        return history.at(self.offset) if history is not None else None

    def entities(self) -> list[Entity]:
        """Return the entities that there are, by kind and id."""
        return [entity for _, history in sorted(self._tables.by_id.items()) if (entity := history.at(self.offset)) is not None]

    def by_reference(self, kind: str, reference: str) -> Entity | None:
        """Return an entity by its reference."""
        history = self._tables.by_reference.get((kind, reference))
        return history.at(self.offset) if history is not None else None

    def entry_point(self, channel: str, account: str) -> EntryPoint | None:
        """Return what a channel account is bound to."""
        history = self._tables.entry_points.get((channel, account))
        return history.at(self.offset) if history is not None else None

    def flows(self) -> list[Flow]:
        """Return the flows in service, by reference."""
        return [flow for _, history in sorted(self._tables.production.items()) if (flow := history.at(self.offset)) is not None]
