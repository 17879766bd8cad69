"""The HTTP request of a call: its inputs, each in its place."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

from yarl import URL

from connectors.framework.errors import Refused
from connectors.web_service.body import body_of

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: of control characters a field value may hold a tab only
_ACCEPTED: Final = MappingProxyType({"xml": "application/xml, text/xml;q=0.9, application/json;q=0.8"})
_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "content-length", "expect", "host", "idempotency-key", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None


def request_of(body: Mapping[str, Any], command_id: str) -> Request:
    """Build the request of a `CallWebService`.

    Raises Refused with reason `address_refused` where the address cannot be used, `wrong_type` where an input does not fit its place.
    """
    placed: dict[str, list[Mapping[str, Any]]] = {"path": [], "query": [], "header": [], "body": []}
    for given in body["inputs"]:
        if given["place"] not in placed:
            raise Refused("wrong_type", f"Input {given['name']}: expected place path, query, header or body.")
        placed[given["place"]].append(given)
    if not _TOKEN.fullmatch(body["method"]):
        raise Refused("wrong_type", "The method is no HTTP method.")
    headers = {
        "Accept": _ACCEPTED.get(body["body_format"], "application/json"),
        **{name: _header(name, value) for name, value in body["headers"].items()},
        **{given["name"]: _header(given["name"], given["value"]) for given in placed["header"]},
        "Idempotency-Key": command_id,
    }
    content = None
    if placed["body"]:
        media_type, content = body_of(placed["body"], body["body_format"], body["body_root"])
        headers = {"Content-Type": media_type, **headers}
    return Request(body["method"].upper(), _url(body["url"], placed["path"], placed["query"]), headers, content)


def _url(template: str, path: Iterable[Mapping[str, Any]], query: Iterable[Mapping[str, Any]]) -> URL:
    values = {given["name"]: given["value"] for given in path}
    # Inputs may stand in path and query only: what a customer wrote never says which host is called.
    scheme, separator, rest = template.partition("://")
    authority, slash, after = rest.partition("/")
    if not separator or "{" in authority or any(character in authority for character in "?#@"):
        raise Refused("address_refused", "Expected an address with scheme and host, and inputs after them only.")
    address = f"{scheme}://{authority}{slash}{_PLACEHOLDER.sub(_filled(values), after)}"
    added = urlencode([(given["name"], given["value"]) for given in query], quote_via=quote)
    if added:
        address, hash_sign, fragment = address.partition("#")
        address += ("&" if "?" in address else "?") + added + hash_sign + fragment
    try:
        return URL(address, encoded=True)
    except ValueError as error:
        raise Refused("address_refused", "The address cannot be read.") from error


def _filled(values: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def value_of(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name not in values:
            raise Refused("address_refused", f"The address names {{{name}}}, and no input with place path has that name.")
        value = values[name]
        if value in {"", ".", ".."}:  # would be another path: the one above, or the whole collection
            raise Refused("wrong_type", f"Input {name}: expected a path segment, found none.")
        return quote(value, safe="")

    return value_of


def _header(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name) or name.lower() in _OF_THE_CONNECTION:
        raise Refused("wrong_type", f"Header {name!r}: expected the name of a header that a caller may set.")
    if _CONTROL.search(value):
        raise Refused("wrong_type", f"Header {name}: expected one line without control characters.")
    return value.strip()
