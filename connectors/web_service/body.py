"""The body of a request: JSON, a form or XML."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from connectors.framework.errors import Refused

Input = Mapping[str, Any]
"""A `WebServiceInput`."""

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")  # canonical text, and a number of JSON as it stands
_XML_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_.-]*)?")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def body_of(inputs: Sequence[Input], body_format: str, root: str) -> tuple[str, bytes]:
    """Return media type and bytes of a body.

    Raises Refused with reason `wrong_type` where an input, or its name, does not fit the format.
    """
    for given in inputs:
        _fit(given)
    if body_format not in _FORMATS:
        raise Refused("wrong_type", f"Expected a body in {', '.join(_FORMATS)}, found {body_format!r}.")
    media_type, written = _FORMATS[body_format]
    return media_type, written(inputs, root)


def _fit(given: Input) -> None:
    match given["type"]:
        case "text":
            return
        case "number" if _NUMBER.fullmatch(given["value"]):
            return
        case "boolean" if given["value"] in {"true", "false"}:
            return
    raise Refused("wrong_type", f"Input {given['name']}: expected a {given['type']} in canonical text.")


def _json(inputs: Sequence[Input], _root: str) -> bytes:
    # A number stands as it was written: through a float it would lose digits.
    members = (
        f"{json.dumps(given['name'])}: {json.dumps(given['value']) if given['type'] == 'text' else given['value']}" for given in inputs
    )
    return ("{" + ", ".join(members) + "}").encode()


def _form(inputs: Sequence[Input], _root: str) -> bytes:
    return urlencode([(given["name"], given["value"]) for given in inputs]).encode()


def _xml(inputs: Sequence[Input], root: str) -> bytes:
    document = Element(_xml_name(root, "The root"))
    for given in inputs:
        name, value = f"Input {given['name']}", given["value"]
        if _NO_XML.search(value):
            raise Refused("wrong_type", f"{name}: expected characters that XML allows.")
        *path, last = given["name"].split("/")
        element = document
        for step in path:
            found = element.find(_xml_name(step, name))
            element = SubElement(element, step) if found is None else found
        if last.startswith("@"):
            element.set(_xml_name(last[1:], name), value)
        else:
            SubElement(element, _xml_name(last, name)).text = value
    written: bytes = tostring(document, "utf-8", xml_declaration=True)
    return written


def _xml_name(name: str, whose: str) -> str:
    if not _XML_NAME.fullmatch(name):
        raise Refused("wrong_type", f"{whose}: expected a name that XML allows.")
    return name


_FORMATS: Final[Mapping[str, tuple[str, Callable[[Sequence[Input], str], bytes]]]] = MappingProxyType(
    {
        "json": ("application/json", _json),
        "form": ("application/x-www-form-urlencoded", _form),
        "xml": ("application/xml", _xml),
    }
)
