"""What the kill test of connectors commands: one effect of each command, which would show if it were missing or done again."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

TOLD_BY: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "billing": ("billing_payment", "invoice_reference"),
        "campaigns": ("campaigns_target", "interaction_id"),
        "cases": ("cases_case", "title"),
        "crm": ("crm_records", "content"),
        "databases": ("databases_records", "content"),
        "surveys": ("surveys_attachment", "interaction_id"),
        "tasks": ("tasks_task", "name"),
    }
)
"""Family → the table of its effects, and the column that differs from command to command."""

FAMILIES: Final = ("messaging", "email", "acd", *TOLD_BY)
ACCOUNT: Final = "kill-test"


def commands(conversations: int, rounds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give family and content of each command, the last ones first."""
    for number in reversed(range(rounds)):
        for customer in reversed(range(conversations)):
            for family in reversed(FAMILIES):
                yield family, _command(family, f"customer-{customer}", number, number * conversations + customer)


def documents() -> list[tuple[str, dict[str, Any]]]:
    """Return the definitions that they name, by file name."""
    question = {"id": "again", "text": {"en": "Will you come again?"}, "kind": "rating"}
    told: list[dict[str, Any]] = [
        {"kind": "database", "reference": "visits", "name": "Visits", "columns": {"number": {"required": True}}},
        {"kind": "whatsapp_campaign", "reference": "call_back", "name": "Call back"},
        {"kind": "case_type", "reference": "complaint", "name": "Complaint", "fields": {"status": {"type": "list", "values": ["new"]}}},
        {"kind": "crm", "reference": "contacts", "name": "Contacts", "fields": {"number": {"required": True}}},
        {"kind": "survey", "reference": "opinion", "name": "Opinion", "title": {"en": "Your visit"}, "questions": [question]},
        {"kind": "user", "reference": "nora", "name": "Nora"},
    ]
    return [(document["reference"], {**document, "id": document["reference"]}) for document in told]


def _command(family: str, conversation: str, number: int, index: int) -> dict[str, Any]:
    name, body = _effect(family, index)
    return {
        "command_id": f"{conversation}-1-{number}-{family}",
        "conversation_id": conversation,
        "interaction_id": f"{conversation}-{number}",
        "flow": "kill_test",
        "flow_version": 1,
        "action": family,
        "issued_at": 0,
        "deadline": None,
        "channel": "web_chat",
        "account": ACCOUNT,
        "address": conversation,
        "body": (f"smart_routing.{name}", body),
    }


def _effect(family: str, index: int) -> tuple[str, dict[str, Any]]:
    number = {"type": "text", "value": str(index)}
    match family:
        case "messaging":
            return "SendMessage", {"text": f"message {index}"}
        case "email":
            content = {"subject": "Thank you", "text": "Thank you for your visit.", "html": None, "refused": 0}
            recipients = {"to": [f"visit-{index}@example.org"], "cc": [], "bcc": []}
            return "SendEmail", {
                "template": "thanks", "outgoing_interaction": True, "queue": None, "mailbox": "shop", **recipients, **content,
            }  # fmt: skip
        case "acd":  # she is not signed in: it is over at once
            return "DistributeToUser", {"user": "nora", "timeout_ms": 60_000, "customer": {"name": None, "locale": None, "message": ""}}
        case "billing":
            about = {"invoice_name": "Visit", "customer_reference": "", "comment": "", "customized_data": "", "locale": None}
            return "RequestAmountPayment", {
                "module": "sandbox", "provider": "ino_pay", "sandbox": True, "mode": "smart_routing", "amount": "12.50", "currency": "EUR",
                "invoice_reference": str(index), **about, "mobile_phone": None, "landline_phone": None, "email": None,
            }  # fmt: skip
        case "campaigns":
            target = {"phone_number": f"+33{610_000_000 + index}", "priority": 1, "layout": None, "fields": []}
            return "InsertTarget", {
                "medium": "whatsapp", "campaign": "call_back", "start_date": "2026-03-01T09:00:00+01:00", **target,
                "insert_if_duplicate": True,  # so that doing it twice would show
            }  # fmt: skip
        case "cases":
            return "CreateCase", {"case_type": "complaint", "title": f"Visit {index}"}
        case "crm":
            return "CreateCard", {"crm": "contacts", "fields": [{"name": "number", **number}], "associate": True}
        case "databases":
            return "InsertRow", {"database": "visits", "values": [{"column": "number", **number}]}
        case "surveys":
            return "AttachSurvey", {"survey": "opinion", "url": None, "invites": False, "locale": None}
        case _:
            return "CreateTask", {
                "name": f"Visit {index}", "category": "visits", "kind": "standard", "start_date": None, "end_date": None,
            }  # fmt: skip
