"""The codec with a schema registry.

No registry installs from the package index, so a server on loopback speaks the part of the Confluent Schema Registry API that the codec
uses, with its status and error codes as published, and refuses incompatible schemas as its default (BACKWARD) does.
"""

import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from confluent_kafka.schema_registry import SchemaRegistryError

from schemas.codec import Codec, UndecodableRecord, current_schema
from schemas.registry import SchemaRegistry
from schemas.release import differences

TICK = {"ticked_at": 5, "ticker": "a"}


class Registry(ThreadingHTTPServer):
    """A registry in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.schemas: dict[int, str] = {}
        self.subjects: dict[str, list[int]] = {}
        self.asked: list[str] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def register(self, subject: str, text: str) -> int | None:
        """Return the schema's id, None where it is incompatible with the subject's last one."""
        versions = self.subjects.setdefault(subject, [])
        for number in versions:
            if json.loads(self.schemas[number]) == json.loads(text):
                return number
        if versions and differences(reader=text, writer=self.schemas[versions[-1]]):
            return None
        number = 1_000 + len(self.schemas)
        self.schemas[number] = text
        versions.append(number)
        return number


class Handler(BaseHTTPRequestHandler):
    """The API: https://docs.confluent.io/platform/current/schema-registry/develop/api.html."""

    server: Registry
    # HTTP/1.0, a connection a request: the client under test has no way to close what it keeps open.
    types: ClassVar[str] = "application/vnd.schemaregistry.v1+json"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = self.path.partition("?")[0].strip("/").split("/")
        self.server.asked.append(f"POST {parts[0]}/{parts[1]}")
        if self.server.broken:
            return self.answer(500, {"error_code": 50001, "message": "Error in the backend data store"})
        if parts[0] != "subjects" or parts[2:] != ["versions"]:
            return self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})
        number = self.server.register(parts[1], body["schema"])
        if number is None:
            return self.answer(409, {"error_code": 409, "message": "Schema being registered is incompatible with an earlier schema"})
        return self.answer(200, {"id": number})

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        self.server.asked.append("GET " + "/".join(parts))
        if self.server.broken:
            return self.answer(500, {"error_code": 50001, "message": "Error in the backend data store"})
        text = self.server.schemas.get(int(parts[2])) if parts[:2] == ["schemas", "ids"] else None
        if text is None:
            return self.answer(404, {"error_code": 40403, "message": "Schema not found"})
        return self.answer(200, {"schema": text})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", self.types)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def codec(registry):
    return Codec(SchemaRegistry(registry.url))


def test_records_carry_the_registrys_id_and_schemas_stand_under_their_record_names(registry):
    value = codec(registry).encode("tick", TICK)
    assert value[:5] == struct.pack(">bI", 0, 1_000)
    assert list(registry.subjects) == ["smart_routing.Tick"]
    assert json.loads(registry.schemas[1_000]) == current_schema("tick")


def test_another_process_reads_them_by_asking_once(registry):
    first = codec(registry)
    redriven = {"topic": "inbound", "partition": 0, "offset": 0, "redriven_at": 0, "operator": "x"}
    values = [first.encode("tick", TICK), first.encode("redriven", redriven)]
    registry.asked.clear()
    reader = codec(registry)
    for _ in range(3):
        assert reader.decode(values[0]) == ("tick", TICK)
        assert reader.decode(values[1])[0] == "redriven"
    assert registry.asked == ["GET schemas/ids/1000", "GET schemas/ids/1001"]


def test_a_schema_is_registered_once(registry):
    ours = codec(registry)
    for _ in range(3):
        ours.encode("tick", TICK)
    codec(registry).encode("tick", TICK)
    assert len(registry.schemas) == 1
    assert len(registry.asked) == 2


def test_what_a_newer_release_wrote_is_read_in_our_shape(registry):
    newer = json.loads(json.dumps(current_schema("tick")))
    newer["fields"].insert(0, {"name": "zone", "type": "string", "default": "", "doc": "New."})
    number = registry.register("smart_routing.Tick", json.dumps(newer))
    value = struct.pack(">bI", 0, number) + b"\x04ab" + b"\x0a" + b"\x02a"
    assert codec(registry).decode(value) == ("tick", TICK)


def test_an_id_that_the_registry_does_not_know_is_an_unknown_schema(registry):
    with pytest.raises(UndecodableRecord, match="found 77") as undecodable:
        codec(registry).decode(struct.pack(">bI", 0, 77) + b"x")
    assert undecodable.value.reason == "unknown_schema"


@pytest.mark.parametrize("name", ["Invoice", "", "TICK"])
def test_a_schema_that_is_none_of_ours_is_an_unknown_schema(registry, name):
    number = registry.register("other", json.dumps({"type": "record", "name": name, "fields": []}))
    with pytest.raises(UndecodableRecord, match="a schema of this project") as undecodable:
        codec(registry).decode(struct.pack(">bI", 0, number) + b"x")
    assert undecodable.value.reason == "unknown_schema"


def test_an_incompatible_schema_is_refused_by_the_registry(registry):
    older = {**json.loads(json.dumps(current_schema("tick")))}
    older["fields"] = [{"name": "ticked_at", "type": "string", "doc": "Once a text."}]
    registry.register("smart_routing.Tick", json.dumps(older))
    with pytest.raises(SchemaRegistryError, match="incompatible"):
        codec(registry).encode("tick", TICK)


def test_a_registry_in_trouble_does_not_make_a_record_undecodable(registry):
    """Else records would end up among the dead letters because of an outage."""
    value = codec(registry).encode("tick", TICK)
    registry.broken = True
    reader = codec(registry)
    with pytest.raises(SchemaRegistryError):
        reader.decode(value)
    registry.broken = False
    assert reader.decode(value) == ("tick", TICK)
