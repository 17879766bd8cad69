"""Documents of actions and entities at random, made from their models alone: a new type or kind needs no strategy of its own."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from processor.actions import action_types
from processor.engine.action import Action
from processor.engine.entities import KINDS, Entity
from processor.engine.parameters import EntityReference, Target
from processor.engine.template import Template
from processor.flow.document import load
from processor.flow.entity_reader import read_entity
from processor.flow.example import example

Strategy = st.SearchStrategy[Any]
Draw = Callable[[Strategy], Any]

OWN = {"text": "text", "number": "number", "date": "date", "time": "date_and_time", "mail": "email", "picture": "image", "flag": "boolean"}
"""Fields of the variable `v`, one of each type."""

DECLARED: Mapping[str, Mapping[str, str]] = {
    "order": {"number": "number", "status": "text", "total": "number", "date": "date_and_time"},
    "contact": {"name": "text", "email": "email", "phone": "phone"},
    "v": OWN,
}
"""What the examples declare, and `v`."""

NAMED = Path(__file__).parents[1] / "actions" / "named"

TEXTS = st.sampled_from(
    [
        *("hello", "", "  ", "5", "0", "-3", "1 234,5", "12.50", "99999999999999999999", "2026-03-01", "2026-03-29T02:30:00", "true"),
        *("a@example.org", "06 12 34 56 78", "+33612345678", "https://example.org/a.png", "x\x00y", "(", "🙂 é"),
        *(f"{{{{ {variable}.{field} }}}}" for variable, fields in DECLARED.items() for field in fields),
        *("{{ message.text }}", "{{ v.text }} {{ nothing.here }}", "{{ v.text }}{{ v.text }}x", "{{ last.reason }}", "{{ now }}"),
        *(
            "{{ v }}",
            "{{ v.number | times: v.number }}",
            "{{ v.text | divided_by: 0 }}",
            "{{ message.text | uniq: 1 }}",
            "{{ checkpoints }}",
        ),
        *("{{ 'now' | date: '%d/%m/%Y' }}", "{% for i in (1..2000) %}x{% endfor %}", "{% break %}"),
        *("{{ case.reference }}", "{{ case.id }}", "{{ crm.id }}", "{{ bill.id }}", "{{ bill.amount }}", "{{ customer.id }}"),
    ]
)
"""What an author writes into a template."""

AWKWARD = ["", " ", "x" * 129, "{{ v.text }}", "é\u0301", "a\nb", "'; --", "0", "missing"]


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield from (*_strings(key), *_strings(item))
        case list():
            for item in value:
                yield from _strings(item)


@cache
def words() -> tuple[str, ...]:
    """Return the words that examples and the entities that they name are made of, such as columns and inputs, and some that fit nowhere."""
    documents = [example(action_type) for action_type in action_types().values()]
    entities = [entity.model_dump(mode="json") for entity in named_entities()]
    return tuple(sorted({word for document in [*documents, *entities] for word in _strings(document)} | set(AWKWARD)))


@cache
def said_in(action_type: type[Action]) -> tuple[str, ...]:
    """Return the codes that an action type's source names: outcomes, reasons and names of values that it looks for in answers."""
    constants = {word for module in _modules(inspect.getmodule(action_type)) for word in _constants(module)}
    return tuple(sorted({*action_type.branches, *(found for found in constants if re.fullmatch("[a-z][a-z_0-9]{1,40}", found))}))


@cache
def answers_to(action_type: type[Action]) -> tuple[dict[str, Any], ...]:
    """Return the connectors' answers that an action type's cases have."""
    events = [event for case in _cases(action_type) for event in case.get("events", [])]
    return tuple(event["response"] for event in events if "response" in event)


@cache
def documents_of(action_type: type[Action]) -> tuple[dict[str, Any], ...]:
    """Return the parameters of an action type's example and cases, as far as they are not refused."""
    given = [dict(example(action_type)), *(case["action"] for case in _cases(action_type))]
    documents = [{name: value for name, value in document.items() if name not in ("type", "links")} for document in given]
    return tuple(document for document in documents if _fits(action_type, document))


def _fits(action_type: type[Action], document: dict[str, Any]) -> bool:
    try:
        action_type.model_validate(document)
    except ValidationError:
        return False
    return True


def _cases(action_type: type[Action]) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((NAMED.parent / f"{action_type.type}.yaml").read_text(encoding="utf-8"))
    return cases


def _constants(module: ModuleType) -> set[str]:
    tree = ast.parse(inspect.getsource(module))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _modules(module: ModuleType | None) -> set[ModuleType]:
    """Return a module and those of what it imports that only some actions do."""
    if module is None or not module.__name__.startswith("processor.") or module.__name__ in EVERYONES:
        return set()
    imported = {inspect.getmodule(value) for value in vars(module).values()} - {module}
    return {module}.union(*(_modules(other) for other in imported if other is not None))


EVERYONES = {f"processor.engine.{name}" for name in ("action", "apply", "channels", "events", "interaction", "outcome", "parameters")} | {
    f"processor.engine.{name}" for name in ("rendering", "template", "visit", "field_types", "limits", "definitions", "flow", "errors")
}


@cache
def named_entities() -> tuple[Entity, ...]:
    """Return what the examples name, flows aside."""
    return tuple(read_entity(load(path.read_bytes())) for path in sorted(NAMED.glob("*.yaml")))


@cache
def of_model(model: type[BaseModel]) -> Strategy:
    """Return documents of a model; its validators may refuse them."""
    fields = {name: of_field(model, name) for name in model.model_fields if name != "links"}
    required = {name: found for name, found in fields.items() if model.model_fields[name].is_required()}
    documents = st.fixed_dictionaries(required, optional={name: found for name, found in fields.items() if name not in required})
    if issubclass(model, Target):
        places = [{"variable": variable, "field": field} for variable, declared in DECLARED.items() for field in declared]
        return st.builds(lambda document, place: {**document, **place}, documents, st.sampled_from(places))
    return documents


@cache
def of_field(model: type[BaseModel], name: str) -> Strategy:
    """Return values of a model's field."""
    field = model.model_fields[name]
    return of_type(field.annotation, tuple(field.metadata))


def of_type(annotation: Any, bounds: tuple[Any, ...] = ()) -> Strategy:
    """Return values of a type, within what its annotations say."""
    arguments = get_args(annotation)
    match get_origin(annotation):
        case found if found is Annotated:
            return of_type(arguments[0], (*arguments[1:], *bounds))
        case found if found is Literal:
            return st.sampled_from(arguments)
        case found if found in (Union, UnionType):
            return st.one_of([of_type(argument, bounds) for argument in arguments])
        case found if found in (list, tuple, frozenset, set):
            least, most = _bound(bounds, "min_length", 0), _bound(bounds, "max_length", 3)
            return st.lists(of_type(arguments[0]), min_size=least, max_size=max(least, min(most, 3)))
        case found if found in (dict, Mapping):
            keys = st.sampled_from(words()) if arguments[0] is str else of_type(arguments[0])
            return st.dictionaries(keys, of_type(arguments[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return of_reference(annotation) if issubclass(annotation, EntityReference) else of_model(annotation)
    plain: dict[Any, Strategy] = {
        Template: TEXTS,
        bool: st.booleans(),
        int: st.integers(_bound(bounds, "ge", -2), _bound(bounds, "le", 10**6)),
        float: st.floats(_bound(bounds, "ge", -2), _bound(bounds, "le", 10**6), allow_nan=False),
        Decimal: st.decimals(_bound(bounds, "ge", -2), _bound(bounds, "le", 10**6), places=2).map(str),
        str: st.sampled_from(words()),
        date: st.dates().map(str),
        time: st.times().map(str),
        NoneType: st.none(),
    }
    return plain.get(annotation, st.sampled_from(words()))


def of_reference(model: type[EntityReference]) -> Strategy:
    """Return what names an entity: mostly one that there is, by its id or by its reference, sometimes nothing."""
    known = [entity for entity in named_entities() if entity.entity_kind == model.kind]
    ids = [entity.id for entity in known] or (["main", "other", "goodbye"] if model.kind == "flow" else ["nobody"])
    references = [entity.reference for entity in known] or ids
    return st.one_of(
        *(st.builds(lambda chosen: {"id": chosen}, st.sampled_from([*ids * 3, "nobody"])) for _ in range(2)),
        st.builds(lambda chosen: {"reference": chosen}, st.sampled_from([*references * 3, "nobody", "{{ v.text }}"])),
        *([of_model(model)] if set(model.model_fields) != {"id", "reference"} else []),
    )


def _bound(bounds: tuple[Any, ...], name: str, default: int) -> Any:
    return next((value for bound in bounds if (value := getattr(bound, name, None)) is not None), default)


def changed(draw: Draw, model: type[BaseModel], document: dict[str, Any]) -> BaseModel:
    """Return a model from a valid document, some fields of it drawn anew: all at once where they fit together, else those that fit."""
    fields = [name for name in model.model_fields if name != "links" and not (name == "id" and issubclass(model, Entity))]
    names = draw(st.lists(st.sampled_from(fields), max_size=3, unique=True)) if fields else []
    drawn = {name: draw(of_field(model, name)) for name in names}
    try:
        return model.model_validate({**document, **drawn})
    except ValidationError:
        best = model.model_validate(document)
    for name, value in drawn.items():
        try:
            best = model.model_validate({**document, name: value})
        except ValidationError:
            continue
        document = {**document, name: value}
    return best


def action(draw: Draw, action_type: type[Action], links: dict[str, str]) -> Action:
    """Return an action of a type."""
    example_of, *others = documents_of(action_type)
    document = draw(st.sampled_from([example_of] * (1 + len(others)) + others))  # the example names what there is, the cases vary it
    made = changed(draw, action_type, {**document, "links": links})
    assert isinstance(made, Action)
    return made


def entity(draw: Draw, known: Entity) -> Entity:
    """Return another state of an entity that the examples name."""
    made = changed(draw, KINDS[known.entity_kind], known.model_dump())
    assert isinstance(made, Entity)
    return made
