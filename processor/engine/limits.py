"""Every bound of the engine, in one place; each has a reason code and a test."""

from typing import Final

CHAIN_ACTIONS: Final = 250
"""Actions without a wait that one event may lead through; one more ends the interaction with reason `loop`."""

RECORD_WARN_BYTES: Final = 64 * 1024
"""Size of a conversation's record from which its steps carry the warning `record_large`."""

RECORD_STOP_BYTES: Final = 512 * 1024
"""Size of a conversation's record above which its interaction ends with reason `record_too_large`."""

STEPS_BYTES: Final = 512 * 1024
"""Size of the steps that one event may lead to, their commands included; past it the interaction ends with reason `steps_too_large`."""

MESSAGE_BYTES: Final = 64 * 1024
"""UTF-8 length of a customer's text, and size of all else in the message, above which it goes to the dead letters with reason
`message_too_large`."""

LAST_TIME: Final = 253_370_764_800_000
"""Log time, epoch ms, after which an event is none (9999-01-01 UTC): calendars end soon after. Such an event has reason `bad_time`."""

FIELDS: Final = 2000
"""Fields that an interaction's variables may hold; more end it with reason `too_many_variables`."""

MESSAGE_IDS: Final = 256
"""Message ids that a conversation remembers, to know a message delivered again."""

HAND_OVERS: Final = 10
"""Hand-overs to another flow per interaction, where the entry point names no other number."""

EXPIRY_HOURS: Final = 72
"""Hours without an event after which an interaction ends, where the entry point names no other number."""

TEMPLATE_CHARACTERS: Final = 16 * 1024
"""Length of a template's source; longer is refused with the document."""

TEMPLATE_OUTPUT_BYTES: Final = 64 * 1024
"""UTF-8 length of a rendered text; past it the action fails with reason `template_limit`."""

TEMPLATE_ITERATIONS: Final = 1000
"""Loop iterations, nested ones multiplied, in one rendering; past it the action fails with reason `template_limit`."""

TEMPLATE_WORK: Final = 1_000_000
"""Characters and items that one rendering may look up, keep and pass through filters; past it the action fails with reason
`template_limit`."""

TEMPLATE_DEPTH: Final = 100
"""Blocks and expressions within each other in a template; a deeper one is refused with the document."""

MISSING_NAMES: Final = 20
"""Names not found that one rendering warns of."""

MISSING_NAME_CHARACTERS: Final = 200
"""Length at which a name is cut in such a warning."""

ANSWER_CHARACTERS: Final = 10_000
"""Characters of an answer of type long text (§ 2.2); longer is an invalid answer."""

REASON_CHARACTERS: Final = 200
"""Length at which a connector's reason is cut where it is kept in a variable."""

REQUEST_TIMEOUT_SEC: Final = 30
"""Deadline of a request to a connector, where the action names none."""
