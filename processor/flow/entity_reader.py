"""From a document to an entity that flows name: entry point, checkpoint, web service, or to all of its faults at once."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from processor.engine.entities import KINDS, Entity
from processor.engine.errors import DocumentRefused, Fault
from processor.flow.faults import described, did_you_mean, translated


def read_entity(document: Mapping[str, Any]) -> Entity:
    """Return the entity of a document as `load` gives it; its key `kind` says what it is.

    Raises DocumentRefused with every fault.
    """
    kind = document.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise DocumentRefused([Fault("kind", f"one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}", described(kind))])
    own = {key: value for key, value in document.items() if key != "kind"}
    try:
        return model.model_validate(own)
    except ValidationError as error:
        raise DocumentRefused(translated(error, model, own)) from error
