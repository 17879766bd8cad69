"""What the webhook of WhatsApp is told (documentation, webhooks/reference/messages): customers' messages, and receipts of ours."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FAILED: Final = "failed"
"""The status of a message that was not delivered and will not be."""

_FILES: Final = ("image", "video", "audio", "document", "sticker")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a message: its id at WhatsApp, its MIME type, the name that the sender gave it."""

    id: str
    mime_type: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A customer's message; `at` is epoch ms."""

    phone_number_id: str
    id: str
    sender: str
    at: int
    name: str | None
    text: str | None
    choice: str | None = None
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message of ours: `key` is what it carried, the command's id."""

    phone_number_id: str
    message_id: str
    status: str
    key: str | None
    code: str | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Body(_Part):
    body: str


class _Reply(_Part):
    id: str
    title: str


class _Interactive(_Part):
    button_reply: _Reply | None = None
    list_reply: _Reply | None = None


class _Button(_Part):
    payload: str
    text: str


class _File(_Part):
    id: Annotated[str, Field(min_length=1, max_length=256)]
    mime_type: Annotated[str, Field(max_length=255)]
    caption: str | None = None
    filename: str | None = None


class _Message(_Part):
    sender: Annotated[str, Field(alias="from", pattern=r"^[0-9]{5,20}$")]
    id: Annotated[str, Field(min_length=1, max_length=512)]
    timestamp: Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]
    type: str
    text: _Body | None = None
    interactive: _Interactive | None = None
    button: _Button | None = None
    image: _File | None = None
    video: _File | None = None
    audio: _File | None = None
    document: _File | None = None
    sticker: _File | None = None


class _Error(_Part):
    code: int


class _Status(_Part):
    id: Annotated[str, Field(min_length=1, max_length=512)]
    status: str
    biz_opaque_callback_data: Annotated[str, Field(max_length=512)] | None = None
    errors: list[_Error] = []


def read(notification: Mapping[str, Any]) -> Iterator[Message | Receipt]:
    """Give what a notification tells, in its order; what is of no use, or cannot be read, is left out with a line in the log."""
    for entry in _list(notification.get("entry")):
        for change in _list(entry.get("changes")):
            value = change.get("value")
            if change.get("field") != "messages" or not isinstance(value, dict):
                logger.info("whatsapp: a notification of %r is left out", change.get("field"))
                continue
            metadata = value.get("metadata")
            number = str(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""
            names = {str(contact.get("wa_id")): _name(contact) for contact in _list(value.get("contacts"))}
            for message in _list(value.get("messages")):
                yield from _message(number, message, names)
            for status in _list(value.get("statuses")):
                yield from _receipt(number, status)


def _message(number: str, document: Mapping[str, Any], names: Mapping[str, str | None]) -> Iterator[Message]:
    try:
        message = _Message.model_validate(document)
    except ValidationError as invalid:
        places = ", ".join(".".join(map(str, error["loc"])) for error in invalid.errors(include_input=False))
        logger.warning("whatsapp: a message that cannot be read is left out: %s", places)
        return
    said = _said(message)
    if said is None:
        logger.info("whatsapp: a message of type %r is left out", message.type)
        return
    text, choice, file = said
    yield Message(number, message.id, message.sender, int(message.timestamp) * 1000, names.get(message.sender), text, choice, file)


def _said(message: _Message) -> tuple[str | None, str | None, File | None] | None:
    """Return text, choice and file; None for a type that says nothing to a flow, such as a location or a reaction."""
    if message.type == "text" and message.text is not None:
        return message.text.body, None, None
    if message.type == "interactive" and message.interactive is not None:
        reply = message.interactive.button_reply or message.interactive.list_reply
        return None if reply is None else (reply.title, reply.id, None)
    if message.type == "button" and message.button is not None:  # of a template
        return message.button.text, message.button.payload, None
    found: _File | None = getattr(message, message.type) if message.type in _FILES else None
    return None if found is None else (found.caption, None, File(found.id, found.mime_type, found.filename))


def _receipt(number: str, document: Mapping[str, Any]) -> Iterator[Receipt]:
    try:
        status = _Status.model_validate(document)
    except ValidationError:
        logger.warning("whatsapp: a receipt that cannot be read is left out")
        return
    yield Receipt(
        number, status.id, status.status, status.biz_opaque_callback_data or None, str(status.errors[0].code) if status.errors else None
    )


def _name(contact: Mapping[str, Any]) -> str | None:
    profile = contact.get("profile")
    return str(profile["name"]) if isinstance(profile, dict) and "name" in profile else None


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
