"""The schema registry, where one is configured (Confluent Schema Registry API, also spoken by Karapace and Apicurio)."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


class SchemaRegistry:
    """Registers our schemas under their record names and fetches those that others registered."""

    def __init__(self, url: str) -> None:
        """Connect lazily to the registry at `url`; credentials may stand in the address."""
        # Imported here: its HTTP client costs a third of a second at start, and most deployments run without a registry.
        from confluent_kafka.schema_registry import SchemaRegistryClient

        self._client = SchemaRegistryClient({"url": url})

    def register(self, name: str, schema: Mapping[str, Any]) -> int:
        """Return the registry's id of a schema; registers it when it is new.

        Raises SchemaRegistryError (of confluent_kafka) when the registry refuses it as incompatible or cannot be reached.
        """
        from confluent_kafka.schema_registry import Schema

        subject = f"{schema['namespace']}.{schema['name']}"  # RecordNameStrategy: several record types share a topic
        return int(self._client.register_schema(subject, Schema(json.dumps(schema), "AVRO")))

    def fetch(self, number: int) -> tuple[str, Mapping[str, Any]]:
        """Return name and schema of an id.

        Raises UndecodableRecord with reason `unknown_schema` when the registry does not know it, or it is none of ours.
        """
        from confluent_kafka.schema_registry import SchemaRegistryError

        from schemas.codec import UndecodableRecord

        try:
            text = self._client.get_schema(number).schema_str
        except SchemaRegistryError as error:
            if error.http_status_code != 404:
                raise
            raise UndecodableRecord("unknown_schema", f"expected a schema id that the registry knows, found {number}") from error
        schema: Mapping[str, Any] = json.loads(text or "{}")
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", str(schema.get("name", ""))).lower()
        if not name or not (files("schemas") / "avro" / f"{name}.avsc").is_file():
            raise UndecodableRecord("unknown_schema", f"expected a schema of this project, found {schema.get('name')!r} under id {number}")
        return name, schema
