"""Links that customers are sent: nobody can guess one, and one that was altered leads nowhere."""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings

_DEVELOPMENT_SECRET = "the embedded stack forgets its links when it ends"  # noqa: S105 - guards nothing that outlives the process


class Links:
    """Signs what a link is about (HMAC-SHA-256 with a key derived for each purpose), so that the link itself is the pass."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError where the deployment has no secret to sign with; the embedded stack, which keeps nothing, needs none.
        """
        secret = surroundings.settings.link_secret
        if secret is None and not surroundings.deployment.embedded:
            raise SettingsError("SMART_ROUTING_CONNECTORS_LINK_SECRET: expected a secret of at least 16 characters; found nothing")
        self._secret = _DEVELOPMENT_SECRET if secret is None else secret.get_secret_value()
        self._public_url = surroundings.settings.public_url

    def url(self, purpose: str, path: str, subject: str) -> str:
        """Return the public address of `path` (such as /surveys) for a subject, such as a command's id."""
        return f"{self._public_url}{path}/{self.token(purpose, subject)}"

    def token(self, purpose: str, subject: str) -> str:
        """Return the pass for a subject; the same one each time."""
        return self._serializer(purpose).dumps(subject)

    def subject(self, purpose: str, token: str) -> str | None:
        """Return whom a token is about; None where it is none of ours for this purpose."""
        try:
            found = self._serializer(purpose).loads(token)
        except BadSignature:
            return None
        return found if isinstance(found, str) else None

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret, salt=f"smart-routing.{purpose}", signer_kwargs={"digest_method": hashlib.sha256})
