"""The reason codes that the engine gives, each with a sentence. Connectors have codes of their own, which their schemas document."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from processor.engine.limits import CHAIN_ACTIONS, FIELDS, MESSAGE_BYTES, RECORD_STOP_BYTES, STEPS_BYTES

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "already_attached": "A survey was attached to the interaction before.",
        "bad_pattern": "A regular expression does not compile.",
        "check_failed": "The connector could not check the answer, and did not say why.",
        "columns_not_found": "The database has no column of that name.",
        "empty_answer": "The connector found something and told nothing of it.",
        "empty_content": "The text of the message renders empty.",
        "empty_group": "None of the group's queues is there any more.",
        "empty_reference": "A reference was to be rendered and came out empty.",
        "empty_value": "A value that is needed renders empty.",
        "end_of_interaction": "The interaction ends, or the flow is one for its end: neither hands over.",
        "ends_before_start": "What would be created ends before it starts.",
        "inactive_user": "The user is there but not active.",
        "inputs_mismatch": "The values given are not those that the web service or the template declares.",
        "integration_backed": "An integration keeps the cards of this CRM, so that flows create none.",
        "invalid_amount": "The amount is no number above 0 with at most the decimals of its currency.",
        "invalid_currency": "ISO 4217 has no such currency.",
        "invalid_email": "An e-mail address is none.",
        "invalid_number": "A phone number is none.",
        "invalid_sender": "The sender is no phone number.",
        "layout_not_found": "The campaign is there, its layout is not.",
        "missing_column": "The connector's answer lacks a column that was asked for.",
        "missing_field": "A required field would be left without a value.",
        "missing_output": "The connector's answer lacks a result that is needed.",
        "module_unavailable": "The payment module is there, but flows may not use it.",
        "no_case": "The interaction has no case.",
        "no_match": "The reply matches none of the choices.",
        "not_comparable": "One of the values cannot be compared in this way.",
        "not_mobile": "The phone number is valid and not that of a mobile.",
        "out_of_range": "A number, a date or a result is beyond what is allowed.",
        "outputs_mismatch": "A result is to be stored that the web service does not declare.",
        "payment_mode": "The payment module does not allow this mode.",
        "reference_not_found": "What a parameter names is not there.",
        "refused": "Recipients were refused, or are no addresses.",
        "send_failed": "The channel could not deliver the message, and did not say why.",
        "template_error": "A template could not be rendered.",
        "template_limit": "A template went beyond its bounds of work or size.",
        "timeout": "No answer came before the deadline.",
        "too_many_assertions": "More assertions than the CRM allows.",
        "too_many_fields": "More fields than the CRM allows.",
        "unknown_field": "A field that is not declared was given a value.",
        "unknown_object": "The CRM declares no object of that name.",
        "unknown_scenario": "The CRM declares no scenario of that name.",
        "unreadable_answer": "The connector's answer is not of the form that its schema says.",
        "unreadable_date": "The text is no date.",
        "unreadable_operand": "The text is no whole number, or no value that this part of a date has.",
        "value_not_listed": "A value is not among those that the field proposes.",
        "wrong_type": "A value does not fit the declared type of its field.",
    }
)
"""Why a branch was taken (journal, `reason`; `{{ last.reason }}`)."""

ENDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "completed": "A branch led to `end`.",
        "unlinked_branch": "A branch was taken that leads nowhere.",
        "expired": "Nothing happened for as long as the entry point allows, 72 hours where it says nothing.",
        "ended_by_operator": "An operator ended it, or a publication that ends what runs with an older version.",
        "loop": f"More than {CHAIN_ACTIONS} actions were applied without a wait between them.",
        "record_too_large": f"What is kept of the interaction grew above {RECORD_STOP_BYTES // 1024} KiB.",
        "steps_too_large": f"The steps of one chain grew above {STEPS_BYTES // 1024} KiB, too large for a journal record.",
        "too_many_variables": f"The variables hold more than {FIELDS:,} fields.",
    }
)
"""Why an interaction ended (journal, `ended`)."""


class Refused(Struct, frozen=True):
    """Why an input was not applied."""

    wrong: str
    """A sentence: what was wrong with it."""

    mend: str
    """A sentence: what an operator does about it."""


_NO_RECORD: Final = "Find the sender: what it sends is no record of this system."

REFUSED: Final[Mapping[str, Refused]] = MappingProxyType(
    {
        "no_value": Refused("The record has no value.", _NO_RECORD),
        "not_confluent": Refused("The value does not begin with a zero byte and a schema's id.", _NO_RECORD),
        "unknown_schema": Refused("The schema's id is none that was released.", "Find the sender, or upgrade the worker, then redrive."),
        "undecodable": Refused("The bytes do not decode with their schema.", _NO_RECORD),
        "wrong_record": Refused("The record belongs on another topic.", "Find the sender."),
        "no_key": Refused("The record has no key.", "Mend the gateway: the key is the conversation's id."),
        "bad_key": Refused("The key is not the id of the record's conversation.", "Mend the gateway: the key is the conversation's id."),
        "wrong_partition": Refused(
            "The key belongs in another partition.", "Let the sender use Kafka's default partitioner (murmur2), then redrive."
        ),
        "bad_time": Refused(
            "The record has no log time, or one that no clock shows.", "Check the topic's `message.timestamp.type`, then redrive."
        ),
        "message_too_large": Refused(
            f"The text, or all else, is above {MESSAGE_BYTES // 1024} KiB.", "Let the gateway refuse such messages."
        ),
        "no_entry_point": Refused("No entry point is there for the channel's account.", "Publish one, then redrive."),
        "no_production_version": Refused("The entry point's flow has no version in service.", "Publish the flow, then redrive."),
        "unknown_conversation": Refused("The conversation never began.", "Find the sender of the answer or request."),
        "engine_fault": Refused(
            "The engine failed on it; the conversation is in quarantine.", "Install a release in which that is mended, then redrive."
        ),
        "quarantined": Refused("The conversation was in quarantine.", "Redrive it with what put it there."),
    }
)
"""Why an input is in the dead letters (`reason`), in the order in which it is checked."""
