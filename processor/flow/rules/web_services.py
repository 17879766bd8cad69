"""Web services by themselves (§ 8.1)."""

import re
from collections.abc import Iterator
from typing import Final

import jmespath
import jsonpath_rfc9535
from jmespath.exceptions import JMESPathError

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity, WebService
from processor.flow.faults import below, described
from processor.flow.rules.rule import Spot, entity_fault

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@entity_fault(
    "url_input",
    "The address of a web service and its inputs with place `path` do not agree: each call would be refused, or an input lost.",
    "Write `{name}` into the path of the address, once for each such input and for no other.",
)
def url_input(entity: Entity, _: Definitions) -> Iterator[Spot]:
    """Hold the placeholders of the address against the inputs."""
    if not isinstance(entity, WebService):
        return
    authority, _slash, path = entity.url.partition("://")[2].partition("/")
    if "{" in authority:
        yield "url", "an input stands in the host of the address, which no customer may choose"
    placeholders = _PLACEHOLDER.findall(path)
    for name in dict.fromkeys(placeholders):
        if name not in entity.inputs:
            yield "url", f"the address names `{{{name}}}`, and there is no such input"
        elif entity.inputs[name].place != "path":
            where = below(below("inputs", name), "place")
            yield where, f"the address names `{{{name}}}`, and the input's place is {entity.inputs[name].place}"
    for name, declared in entity.inputs.items():
        if declared.place != "path":
            continue
        if name not in placeholders:
            yield below("inputs", name), f"the address does not name `{{{name}}}`"
        elif not declared.required:
            yield below(below("inputs", name), "required"), "an address cannot be called without a part of its path"


@entity_fault(
    "bad_result_path",
    "The path of a web service's result is no JSONPath (RFC 9535) or no JMESPath, as its language says.",
    "Mend the path, or name the other language.",
)
def bad_result_path(entity: Entity, _: Definitions) -> Iterator[Spot]:
    """Look for paths that do not parse."""
    for name, output in entity.outputs.items() if isinstance(entity, WebService) else ():
        problem = _problem(output.language, output.path)
        if problem:
            yield below(below("outputs", name), "path"), f"{described(output.path)} is no path in {output.language}: {problem}"


def _problem(language: str, path: str) -> str:
    """Return what is wrong with a path; nothing where it parses."""
    try:
        if language == "jsonpath":
            jsonpath_rfc9535.compile(path)
        else:
            jmespath.compile(path)
    except (jsonpath_rfc9535.JSONPathError, JMESPathError, RecursionError) as error:
        return str(error).partition("\n")[0]
    return ""
