"""What customers are told, in their language."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connectors.billing.money import known_locale

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "invite": MappingProxyType(
            {
                "en": "Please pay {amount} to {merchant} here: {link}",
                "fr": "Veuillez payer {amount} à {merchant} ici : {link}",
                "de": "Bitte zahlen Sie {amount} an {merchant}: {link}",
                "es": "Pague {amount} a {merchant} aquí: {link}",
                "it": "Paghi {amount} a {merchant} qui: {link}",
                "nl": "Betaal {amount} aan {merchant} via deze link: {link}",
                "pt": "Pague {amount} a {merchant} aqui: {link}",
            }
        ),
        "subject": MappingProxyType(
            {
                "en": "Your payment to {merchant}",
                "fr": "Votre paiement à {merchant}",
                "de": "Ihre Zahlung an {merchant}",
                "es": "Su pago a {merchant}",
                "it": "Il suo pagamento a {merchant}",
                "nl": "Uw betaling aan {merchant}",
                "pt": "O seu pagamento a {merchant}",
            }
        ),
        "about": MappingProxyType(
            {
                "en": "Invoice {number}",
                "fr": "Facture {number}",
                "de": "Rechnung {number}",
                "es": "Factura {number}",
                "it": "Fattura {number}",
                "nl": "Factuur {number}",
                "pt": "Fatura {number}",
            }
        ),
    }
)


def text(name: str, locale: str | None, **values: str) -> str:
    """Return a text in a locale's language, English where it is not known; values are filled in as they are."""
    language = known_locale(locale).language
    return _TEXTS[name].get(language, _TEXTS[name]["en"]).format_map(values)
