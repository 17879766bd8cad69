"""JSON Schema (2020-12) of the documents that can be published, generated from the types that read them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from processor.engine.action import Action
from processor.engine.entities import KINDS
from processor.engine.flow import END, START
from processor.flow.example import description, example
from processor.flow.flow_document import FlowDocument
from processor.flow.names import ACTION_ID

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def json_schema(action_types: Mapping[str, type[Action]]) -> Schema:
    """Return the schema of flow documents and of the entities beside them, which their key `kind` tells apart.

    Editors complete and check with it; what needs more than one place of a document to be seen is left to the reader.
    """
    flow, actions, kinds = "flow", {name: f"action.{name}" for name in action_types}, {kind: f"kind.{kind}" for kind in KINDS}
    named: dict[str, type[BaseModel]] = {
        flow: FlowDocument,
        **{actions[name]: action_type for name, action_type in action_types.items()},
        **{kinds[kind]: entity for kind, entity in KINDS.items()},
    }
    schemas = _schemas(named)
    for name, action_type in action_types.items():
        _complete_action(schemas[actions[name]], name, action_type)
    for kind in KINDS:
        _require(schemas[kinds[kind]], "kind", {"const": kind, "description": "Kind of the document."})
    schemas[flow]["properties"]["actions"] = _placed(actions)
    schemas["target"] = {"type": "string", "pattern": ACTION_ID, "description": f"Id of the action that the branch leads to, or {END}."}
    return {
        "$schema": DIALECT,
        "title": "Definition",
        "description": "A flow, or an entity that flows name.",
        "type": "object",
        "allOf": [*_chosen_by("kind", kinds), {"if": _has("kind", {"enum": list(kinds)}), "else": _reference(flow)}],
        "$defs": schemas,
    }


def _schemas(named: Mapping[str, type[BaseModel]]) -> dict[str, Schema]:
    """Return the models' schemas under the given names, and those of the models in them under their own."""
    places, generated = models_json_schema([(model, "validation") for model in named.values()], ref_template="#/$defs/{model}")
    schemas: dict[str, Schema] = generated["$defs"]
    for schema in _within(schemas):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False  # keys of another form are refused, not merely undescribed
    for name, model in named.items():
        schemas[name] = schemas.pop(str(places[model, "validation"]["$ref"]).rpartition("/")[2])
    return schemas


def _within(schema: Any) -> Iterator[Schema]:
    """Give every mapping in a schema."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _within(inner)


def _complete_action(schema: Schema, name: str, action_type: type[Action]) -> None:
    """Add what the type's model leaves to the registry: its name, its branches, and the docstring apart from its example."""
    schema["description"] = description(action_type)
    schema["examples"] = [dict(example(action_type))]
    links = schema["properties"]["links"]
    links["properties"] = {branch: _reference("target") for branch in action_type.branches}
    links["additionalProperties"] = False
    _require(schema, "type", {"const": name, "description": f"Section {action_type.section} of the product's description."})


def _placed(names: Mapping[str, str]) -> Schema:
    """Return the schema of a flow's actions."""
    return {
        "type": "object",
        "description": f"Actions by their ids; the one named {START} begins.",
        "required": [START],
        "properties": {START: _has("type", {"const": START})},
        "propertyNames": {"pattern": ACTION_ID, "not": {"const": END}},
        "patternProperties": {
            ".": {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"enum": list(names), "description": "Action type."}},
                "allOf": _chosen_by("type", names),
            }
        },
    }


def _require(schema: Schema, key: str, value: Schema) -> None:
    schema["properties"] = {key: value, **schema["properties"]}
    schema["required"] = [key, *schema.get("required", [])]


def _chosen_by(key: str, names: Mapping[str, str]) -> list[Schema]:
    """Return a choice by the value of a key. Unlike `oneOf`, it lets a validator say what is wrong within the one that is meant."""
    return [{"if": _has(key, {"const": value}), "then": _reference(name)} for value, name in names.items()]


def _has(key: str, value: Schema) -> Schema:
    return {"properties": {key: value}, "required": [key]}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
