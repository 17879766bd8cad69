"""Access tokens of Salesforce, by OAuth 2.0.

Sources: Salesforce Help, "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration" and "OAuth 2.0 JWT Bearer Flow for
Server-to-Server Integration"; RFC 6749, 4.4 and 5; RFC 7523.
"""

import time
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.framework.errors import Refused
from connectors.framework.oauth2 import Grant, client_credentials
from connectors.tasks.settings import Salesforce

PATH: Final = "/services/oauth2/token"
"""Where an organisation gives tokens."""

_ASSERTION_SECONDS: Final = 180
"""How long an assertion is good; Salesforce takes none that is for longer than five minutes."""


def grant_of(settings: Salesforce) -> Grant:
    """Return what an organisation is shown for a token.

    Raises Refused where the private key cannot be used.
    """
    if settings.client_secret is not None:
        return client_credentials(settings.client_id, settings.client_secret.get_secret_value(), in_form=True)
    if settings.private_key is None:
        raise AssertionError("the settings have one of both")
    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": settings.audience,
        "exp": int(time.time()) + _ASSERTION_SECONDS,
    }
    try:
        key = RSAKey.import_key(settings.private_key.get_secret_value())
        assertion = jwt.encode({"alg": "RS256"}, claims, key)
    except (JoseError, ValueError) as error:
        raise Refused("refused", "The private key for Salesforce is no RSA key in PEM.") from error
    return Grant({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})
