import pytest

from processor.engine.entities.payment_module import Mode, PaymentModule


def module(**fields: object) -> PaymentModule:
    return PaymentModule.model_validate({"id": "m", "reference": "m", "provider": "ino_pay", **fields})


@pytest.mark.parametrize(
    ("fields", "available"),
    [({}, True), ({"status": "sandbox"}, True), ({"status": "inactive"}, False), ({"internal": False}, False)],
)
def test_flows_may_use_what_is_internal_and_active_or_a_sandbox(fields: dict[str, object], available: bool) -> None:
    assert module(**fields).available is available


@pytest.mark.parametrize(("provider", "mode", "allowed"), [
    ("ino_pay", "sms", True), ("ino_pay", "email", True), ("ino_pay", "smart_routing", True),
    ("other", "sms", True), ("other", "email", True), ("other", "smart_routing", False),
])  # fmt: skip
def test_only_ino_pay_takes_payments_within_the_conversation(provider: str, mode: Mode, allowed: bool) -> None:
    assert module(provider=provider).allows(mode) is allowed
