"""Whether what somebody wants to change is still what he has seen (RFC 9110, 8.8.3 and 13.1.1)."""

from aiohttp import web

from connectors.framework.fault import Fault, shown


def tag_of(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def expect(request: web.Request, version: int) -> None:
    """Check a request's If-Match against the version that there is.

    Raises Fault: 428 where the request names no version, 412 where it names another, because somebody else was faster.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise Fault(428, "If-Match", "the ETag of what is to be changed", "nothing")
    if given != "*" and tag_of(version) not in [tag.strip() for tag in given.split(",")]:
        raise Fault(412, "If-Match", f"{tag_of(version)}, because somebody has changed it meanwhile", shown(given))
