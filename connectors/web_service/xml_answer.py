"""XML answers, read as JSON so that outputs find their values by the same paths.

An element is a member of its parent's object, by its name as it is written, prefix included; several of one name are an array. An
attribute is a member with `@` before its name. An element with text and nothing else is that text, with attributes or children the text is
the member `#text`; one with nothing is null. Comments and processing instructions are left out. `xmltodict` does it, and this is its
notation.
"""

import json
from typing import Any, Final
from xml.parsers import expat

import xmltodict
from aiohttp import ClientResponse

from connectors.framework.errors import Refused

DEEPEST: Final = 100
"""Most elements inside of each other."""


def is_xml(response: ClientResponse) -> bool:
    """Whether an answer says that it is XML (RFC 7303)."""
    kind = response.content_type.lower()
    return kind in {"application/xml", "text/xml"} or kind.endswith("+xml")


def json_of(content: bytes) -> bytes:
    """Return the answer as JSON.

    Raises Refused with reason `unreadable_body`: it is not well-formed, is too deep, or has a document type declaration. What entities
    there may be come with that: none is expanded, and nothing is fetched.
    """
    try:
        _look_through(content)
        return json.dumps(xmltodict.parse(content)).encode()
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Refused("unreadable_body", "Expected a body in XML 1.0 (well-formed), found something else.") from error


def _look_through(content: bytes) -> None:
    """Go over an answer without keeping anything of it."""
    depth = 0

    def begin(_name: str, _attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Refused("unreadable_body", f"Expected XML of at most {DEEPEST} elements inside of each other.")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_declared: Any) -> None:
        raise Refused("unreadable_body", "Expected XML without a document type declaration.")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = begin, end, doctype
    parser.Parse(content, True)
