"""`docs/reference/definitions.md`: the documents that can be published, kind by kind."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any, Final

from pydantic import BaseModel

from processor.engine.entities import KINDS
from processor.flow.flow_document import FlowDocument
from smart_routing.reference.fields import fields_of
from smart_routing.reference.markdown import as_yaml, code, page, table

_INTRODUCTION: Final = """Definitions are documents in YAML or JSON: flows, and what flows name. The key `kind` says which of them a
document is; a flow needs none. They are checked by `smart-routing flow lint` and published by `smart-routing flow publish`;
`smart-routing flow schema` prints their JSON Schema, with which editors complete and check while you write."""


def definitions_page(named: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page; `named` are documents by their kind, shown as examples."""
    kinds: dict[str, type[BaseModel]] = {"flow": FlowDocument, **KINDS}
    contents = table(("kind", "what it is"), ((f"[{kind}](#{kind})", _first_line(model)) for kind, model in kinds.items()))
    return page("Definitions", _INTRODUCTION, contents, *(_section(kind, model, named.get(kind)) for kind, model in kinds.items()))


def _first_line(model: type[BaseModel]) -> str:
    return cleandoc(model.__doc__ or "").partition("\n")[0]


def _section(kind: str, model: type[BaseModel], document: Mapping[str, Any] | None) -> str:
    parts = [f"## {kind}", cleandoc(model.__doc__ or ""), fields_of(model, leave_out=frozenset({"kind", "actions"}))]
    if kind == "flow":
        parts.append(
            "`actions`, **required**, maps each action's id (at most 64 letters, digits, `_` and `-`, beginning with a letter) to its "
            "type, parameters and links. The one named `start` begins, and no other is of type `start`. [actions.md](actions.md) describes "
            "the types."
        )
    else:
        parts.insert(2, f"The document's `kind` is {code(kind)}.")
    if document is not None:
        parts.append(as_yaml(dict(document)))
    return "\n\n".join(parts)
