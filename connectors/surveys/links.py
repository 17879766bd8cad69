"""The address at which a customer answers."""

from ipaddress import ip_address
from typing import Final

from yarl import URL

from connectors.framework.links import Links
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings

PATH: Final = "/surveys"
_PURPOSE: Final = "survey"
_FORM: Final = "survey_form"


class SurveyLinks:
    """Signed links to surveys, and the signed mark of a form that we have served."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError where there is no secret to sign with, or customers would answer without encryption: a public address without
        https is good only where nobody but this machine reaches it.
        """
        url = URL(surroundings.settings.public_url)
        if url.scheme != "https" and not _is_loopback(url.host or ""):
            raise SettingsError(f"SMART_ROUTING_CONNECTORS_PUBLIC_URL: expected https, or http with a host of this machine; found {url}")
        self._links = Links(surroundings)

    def url(self, attachment: str) -> str:
        """Return where an attached survey is answered."""
        return self._links.url(_PURPOSE, PATH, attachment)

    def attachment(self, token: str) -> str | None:
        """Return which attached survey a link is for; None where it is none of ours."""
        return self._links.subject(_PURPOSE, token)

    def form(self, attachment: str) -> str:
        """Return the mark of the form for an attached survey."""
        return self._links.token(_FORM, attachment)

    def is_form(self, attachment: str, mark: str) -> bool:
        """Whether a mark is that of the form for an attached survey."""
        return self._links.subject(_FORM, mark) == attachment


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, 6.3
