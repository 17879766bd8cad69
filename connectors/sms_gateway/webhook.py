"""Webhooks of the gateway: forms that it has signed."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.framework.fault import Fault
from connectors.sms_gateway.settings import SmsGatewaySettings
from connectors.sms_gateway.signature import is_signed

_MOST_FIELDS = 200


def signed_form(settings: SmsGatewaySettings, public_url: str, request: web.Request, body: bytes) -> Mapping[str, str]:
    """Return the fields of a form that the gateway account named in the path (`gateway`) has signed, for this very address.

    The address is the public one, because that is what the gateway called: a proxy may stand before us.

    Raises Fault.
    """
    account = settings.accounts.get(request.match_info["gateway"])
    if account is None:
        raise Fault(404, "gateway", "the name of an account", "another")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Fault(400, "body", f"a form in UTF-8 of at most {_MOST_FIELDS} fields", "something else") from None
    signature = request.headers.get("X-Twilio-Signature", "")
    if not is_signed(account.auth_token.get_secret_value(), public_url + request.raw_path, fields, signature):
        raise Fault(401, "X-Twilio-Signature", "the signature of the account", "none or another")
    form = dict(fields)
    if form.get("AccountSid") != account.account_sid:
        raise Fault(401, "AccountSid", "the account's id", "another")
    return form
