"""All that was ever published, with its documents: for lists, exports and renames. Workers follow DefinitionReader, which keeps less."""

from collections.abc import Mapping
from typing import Any

from processor.engine.action import Action
from processor.engine.definitions import DefinitionLog
from processor.flow.batch import FLOW
from processor.flow.document import load
from processor.flow.publication import Record, absorb
from processor.runtime.topic_log import read_topic
from schemas.codec import Codec, UndecodableRecord
from schemas.deployment import Deployment


class Published:
    """The topic `definitions`, read once."""

    def __init__(self, action_types: Mapping[str, type[Action]]) -> None:
        self.log = DefinitionLog()
        self.records: list[Record] = []
        """Those that this release can read, in order."""
        self.problems: list[str] = []
        """What is wrong with the others."""
        self._action_types = action_types

    @classmethod
    def read(cls, deployment: Deployment, codec: Codec, action_types: Mapping[str, type[Action]]) -> "Published":
        """Return what is published now.

        Raises KafkaException when the broker does not answer or has no such topic.
        """
        published = cls(action_types)
        for found in read_topic(deployment, deployment.topics.definitions):
            try:
                name, record = codec.decode(found.value)
            except UndecodableRecord as refused:
                published.skip(found.offset, refused.detail)
                continue
            if name == "definition":
                published.add(found.offset, record)
            else:
                published.skip(found.offset, f"expected a definition, found a {name}")
        return published

    def add(self, offset: int, record: Record) -> None:
        """Take in a decoded record."""
        problem = absorb(self.log, offset, record, self._action_types)
        if problem is None:
            self.records.append(record)
        else:
            self.problems.append(problem)

    def skip(self, offset: int, problem: str) -> None:
        """Pass over what is no definition."""
        self.log.skip(offset)
        self.problems.append(f"the record at offset {offset} is passed over: {problem}")

    def versions(self, reference: str) -> list[Record]:
        """Return the records of a flow's published versions, oldest first."""
        return [record for record in self.records if (record["kind"], record["id"], record["status"]) == (FLOW, reference, "published")]

    def flows(self) -> list[str]:
        """Return the references of all flows that were ever published."""
        return sorted({record["id"] for record in self.records if record["kind"] == FLOW})

    def entity_records(self) -> list[Record]:
        """Return the newest record of each entity that is not deleted, by kind and id."""
        newest = {(record["kind"], record["id"]): record for record in self.records if record["kind"] != FLOW}
        return [record for _, record in sorted(newest.items()) if record["status"] == "published"]

    def document(self, kind: str, identity: str) -> Mapping[str, Any] | None:
        """Return the document of a flow in service, or of an entity; None where there is none."""
        now = self.log.newest()
        if kind == FLOW:
            flow = now.production(identity)
            found = [record for record in self.versions(identity) if flow is not None and record["version"] == flow.version]
            return load(found[0]["document"]) if found else None  # a number that was taken already kept its first flow
        if now.entity(kind, identity) is None:
            return None
        return load([record for record in self.records if (record["kind"], record["id"]) == (kind, identity)][-1]["document"])
