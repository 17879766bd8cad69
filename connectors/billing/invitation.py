"""How a customer is given the link: within the conversation, by SMS, by e-mail."""

from html import escape
from typing import Final

import phonenumbers

from connectors.billing.payment import Payment
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.billing.texts import text
from connectors.framework.errors import Refused, Retry
from connectors.framework.links import Links
from connectors.framework.surroundings import Surroundings
from connectors.sms_gateway.client import SmsGateway
from connectors.smtp.address import Address, NotAnAddress
from connectors.smtp.mailer import Mailer
from connectors.smtp.message import Content, compose
from connectors.smtp.refusal import Unanswered

PURPOSE: Final = "pay"
PATH: Final = "/pay"

_MOBILE: Final = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


class Undeliverable(Refused):
    """The link cannot be given to the customer."""

    def __init__(self, detail: str) -> None:
        super().__init__("undeliverable", detail)


class Invitations:
    """The texts with links, and the ways that they go."""

    def __init__(self, surroundings: Surroundings, settings: BillingSettings, providers: Providers) -> None:
        """Prepare. Raises SettingsError."""
        self._settings = settings
        self._providers = providers
        self._links = Links(surroundings)
        self._mailer = Mailer(surroundings)
        self._sms = SmsGateway(surroundings)

    async def open(self) -> None:
        """Make the clients."""
        await self._mailer.open()
        await self._sms.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._sms.close()
        await self._mailer.close()

    def link(self, payment: Payment) -> str:
        """Return the address of a payment's page; nobody can guess it."""
        return self._links.url(PURPOSE, PATH, payment.code)

    def title(self, payment: Payment) -> str:
        """Return what is paid, in the customer's language."""
        return title_of(payment, payment.locale or self._settings.default_locale, self._providers.merchant_of(payment.module))

    def message(self, payment: Payment) -> str:
        """Return the text that invites to pay."""
        locale = payment.locale or self._settings.default_locale
        merchant = self._providers.merchant_of(payment.module)
        return text("invite", locale, amount=payment.money.shown(locale), merchant=merchant, link=self.link(payment))

    async def send(self, payment: Payment) -> None:
        """Send the link by the payment's mode.

        Repeating it is harmless: the same text leads to the same payment, and carries the same Message-Id or idempotency key.

        Raises:
            Undeliverable: it has nowhere to go, or was refused.
            Retry: nobody answered.
        """
        try:
            await (self._by_sms(payment) if payment.mode == "sms" else self._by_email(payment))
        except Unanswered as failure:
            raise Retry("unreachable", detail=failure.detail) from failure
        except Refused as failure:
            if isinstance(failure, Undeliverable):
                raise
            raise Undeliverable(failure.detail or failure.reason) from failure

    async def _by_sms(self, payment: Payment) -> None:
        if self._settings.sms_sender is None:
            raise Undeliverable("No number is set that links come from (SMART_ROUTING_BILLING_SMS_SENDER).")
        if payment.mobile_phone is None or not _is_mobile(payment.mobile_phone):
            raise Undeliverable("There is no mobile phone number to send the link to.")
        await self._sms.send(self._settings.sms_sender, payment.mobile_phone, self.message(payment), payment.id)

    async def _by_email(self, payment: Payment) -> None:
        try:
            recipient = Address.parse(payment.email or "")
        except NotAnAddress:
            raise Undeliverable("There is no e-mail address to send the link to.") from None
        locale = payment.locale or self._settings.default_locale
        invitation, link = self.message(payment), self.link(payment)
        linked = escape(invitation).replace(escape(link), f'<a href="{escape(link)}">{escape(link)}</a>')
        subject = text("subject", locale, merchant=self._providers.merchant_of(payment.module))
        content = Content(subject, invitation + "\n", f"<p>{linked}</p>", (recipient,))
        await self._mailer.send_to(self._settings.mailbox, compose(content, payment.id), recipient)


def title_of(payment: Payment, locale: str, merchant: str) -> str:
    """Return what is paid, in a locale's language: the name that it was given, or the invoice's number."""
    if payment.name:
        return payment.name
    return text("about", locale, number=payment.invoice_reference) if payment.invoice_reference else merchant


def _is_mobile(number: str) -> bool:
    try:
        return phonenumbers.number_type(phonenumbers.parse(number, None)) in _MOBILE
    except phonenumbers.NumberParseException:
        return False
