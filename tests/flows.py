"""Flows for tests, built from action documents without the reader of flow documents."""

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from processor.actions import action_types
from processor.engine.action import Action
from processor.engine.flow import Flow

Document = Mapping[str, Any]
Variables = Mapping[str, Mapping[str, str]]


def action_of(document: Document) -> Action:
    """Return the action of a document with `type`, parameters and `links`."""
    return action_types()[document["type"]].model_validate({name: value for name, value in document.items() if name != "type"})


def flow_of(
    actions: Mapping[str, Document | Action],
    *,
    reference: str = "main",
    version: int = 1,
    type: Literal["start", "end_of_interaction"] = "start",  # noqa: A002 - the document's own word
    timezone: str = "Europe/Paris",
    locale: str = "fr",
    country: str = "FR",
    variables: Variables | None = None,
) -> Flow:
    """Return a flow of placed actions; one without a `start` gets one that leads to the first of them."""
    first = next(iter(actions), "end")
    placed: dict[str, Document | Action] = {"start": {"type": "start", "links": {"ok": first}}, **actions}
    built = {identity: document if isinstance(document, Action) else action_of(document) for identity, document in placed.items()}
    return Flow(reference, reference, version, type, ZoneInfo(timezone), locale, country, variables or {}, built)
