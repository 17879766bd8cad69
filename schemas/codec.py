"""Records on the wire: Avro in the Confluent format (magic byte 0, schema id in four bytes, then the datum).

The packaged schemas carry packaged ids, so that nothing but this package is needed to read and write every topic.
With a schema registry the registry's ids are written, and a schema unknown to the package is fetched from it.
"""

import json
import struct
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

import fastavro
from fastavro.types import Schema

from schemas.registry import SchemaRegistry

NAMESPACE: Final = "smart_routing"
MAGIC: Final = 0
_HEADER: Final = struct.Struct(">bI")

Datum = dict[str, Any]


class UndecodableRecord(ValueError):
    """Bytes that are no record of ours; `reason` is the dead letter's reason code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class UnencodableRecord(ValueError):
    """A datum that does not fit its schema: the writer's fault."""


@cache
def current_schema(name: str) -> Mapping[str, Any]:
    """Return the schema that this release writes, by its file's name, such as `inbound_message`."""
    document: Mapping[str, Any] = json.loads((files("schemas") / "avro" / f"{name}.avsc").read_text("utf-8"))
    return document


@cache
def released_schemas() -> Mapping[int, tuple[str, Mapping[str, Any]]]:
    """Return every schema ever released, as id → (name, schema); a record written with any of them stays readable."""
    released = {}
    for entry in (files("schemas") / "released").iterdir():
        if entry.name.endswith(".avsc"):
            number, _, name = entry.name.removesuffix(".avsc").partition("_")
            released[int(number)] = (name, json.loads(entry.read_text("utf-8")))
    return dict(sorted(released.items()))


@cache
def packaged_id(name: str) -> int:
    """Return the id of a current schema.

    Raises LookupError when the schema was changed and not released; `python -m schemas.release` releases it.
    """
    released = released_schemas()
    for number in sorted(released, reverse=True):
        if released[number] == (name, current_schema(name)):
            return number
    raise LookupError(f"schemas/avro/{name}.avsc: expected a released schema, found a changed one; run `python -m schemas.release`")


@cache
def _parsed(name: str) -> Schema:
    return fastavro.parse_schema(json.loads(json.dumps(current_schema(name))))


class Codec:
    """Encodes and decodes the records of all topics."""

    def __init__(self, registry: SchemaRegistry | None = None) -> None:
        self._registry = registry
        self._writers: dict[str, tuple[bytes, Schema]] = {}
        self._readers: dict[int, tuple[str, Schema, Schema | None]] = {}

    def encode(self, name: str, datum: Mapping[str, Any]) -> bytes:
        """Return the record's bytes; a union's record is given as a pair of its full name and its datum.

        Raises UnencodableRecord when the datum does not fit the schema.
        """
        known = self._writers.get(name)
        if known is None:
            known = self._writers[name] = self._writer(name)
        header, schema = known
        buffer = BytesIO()
        buffer.write(header)
        try:
            fastavro.schemaless_writer(buffer, schema, datum)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise UnencodableRecord(f"{name}: {error!r}") from error
        return buffer.getvalue()

    def decode(self, value: bytes | None) -> tuple[str, Datum]:
        """Return the schema's name and the datum, in the shape of the current schema.

        A record in a union is a pair of its full name and its datum.

        Raises UndecodableRecord with reason `no_value`, `not_confluent`, `unknown_schema` or `undecodable`.
        """
        if value is None:
            raise UndecodableRecord("no_value", "expected an Avro record, found no value")
        if len(value) < _HEADER.size or value[0] != MAGIC:
            raise UndecodableRecord(
                "not_confluent", f"expected the Confluent wire format, a zero byte and a schema id; found {value[:5].hex() or 'nothing'}"
            )
        number = _HEADER.unpack_from(value)[1]
        reader = self._readers.get(number)
        if reader is None:
            reader = self._readers[number] = self._reader(number)
        name, writer_schema, reader_schema = reader
        buffer = BytesIO(value)
        buffer.seek(_HEADER.size)
        try:
            datum = fastavro.schemaless_reader(buffer, writer_schema, reader_schema, return_record_name=True)
        except Exception as error:  # fastavro raises whatever the bytes make it trip over: struct, Unicode, index, overflow, end of file
            raise UndecodableRecord(
                "undecodable", f"expected a {name}, found bytes that do not decode: {type(error).__name__}: {error}"
            ) from error
        if buffer.tell() != len(value):
            raise UndecodableRecord("undecodable", f"expected a {name} of {buffer.tell()} bytes, found {len(value)}")
        if not isinstance(datum, dict):
            raise UndecodableRecord("undecodable", f"expected a {name}, found {type(datum).__name__}")
        return name, datum

    def _writer(self, name: str) -> tuple[bytes, Schema]:
        number = packaged_id(name) if self._registry is None else self._registry.register(name, current_schema(name))
        return _HEADER.pack(MAGIC, number), _parsed(name)

    def _reader(self, number: int) -> tuple[str, Schema, Schema | None]:
        if self._registry is None:
            try:
                name, schema = released_schemas()[number]
            except KeyError:
                raise UndecodableRecord(
                    "unknown_schema", f"expected a schema id from 1 to {max(released_schemas())}, found {number}"
                ) from None
        else:
            name, schema = self._registry.fetch(number)
        if schema == current_schema(name):
            return name, _parsed(name), None
        return name, fastavro.parse_schema(json.loads(json.dumps(schema))), _parsed(name)
