"""Signatures of the gateway's webhooks."""

from connectors.sms_gateway.signature import is_signed, signature_of

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212", "Caller": "+14158675309"}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # as the tests of the gateway's own libraries have it


def test_the_published_example_has_its_signature():
    assert signature_of("12345", URL, FORM.items()) == SIGNATURE
    assert is_signed("12345", URL, FORM.items(), SIGNATURE)


def test_any_other_address_form_key_or_signature_is_refused():
    assert not is_signed("12345", URL + "0", FORM.items(), SIGNATURE)
    assert not is_signed("12345", URL, {**FORM, "Digits": "1235"}.items(), SIGNATURE)
    assert not is_signed("12345", URL, {**FORM, "Added": ""}.items(), SIGNATURE)
    assert not is_signed("12346", URL, FORM.items(), SIGNATURE)
    assert not is_signed("12345", URL, FORM.items(), "")
    assert not is_signed("12345", URL, FORM.items(), "é" + SIGNATURE)
