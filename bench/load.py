"""The messages that every contender gets: drawn once, in one order, the same for all."""

from collections.abc import Iterator

from schemas.codec import Codec
from schemas.conversation import conversation_id

CHANNEL = "web_chat"
ACCOUNT = "order-desk"

_KEY = "the benchmark's, no secret"
_NAMES = ("Claire Martin", "Youssef Benali", "Maëlle Le Goff", "Jean-Baptiste Ollivier", "Ana Ribeiro")


class Load:
    """An endless run of messages, numbered from 0, that goes round the conversations: message n is conversation n % conversations.

    Each conversation's first message opens it, its second answers with a number, its third with a sentence, and so on by turns.
    """

    def __init__(self, conversations: int, codec: Codec) -> None:
        self.conversations = conversations
        self._codec = codec
        self.keys = tuple(conversation_id(CHANNEL, ACCOUNT, _address(place), key=_KEY).encode() for place in range(conversations))
        """The conversations' ids, in the order of the round."""

    def records(self, first: int, count: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield key and value of so many messages from a number on."""
        for number in range(first, first + count):
            yield self.record(number)

    def record(self, number: int) -> tuple[bytes, bytes]:
        """Return key and value of a message."""
        turn, place = divmod(number, self.conversations)
        datum = {
            "message_id": f"m-{number}",
            "channel": CHANNEL,
            "account": ACCOUNT,
            "address": _address(place),
            "text": _text(turn, number),
            "media": [],
            "name": _NAMES[place % len(_NAMES)],
            "locale": "fr",
            "sent_at": 0,
        }
        return self.keys[place], self._codec.encode("inbound_message", datum)


def _address(place: int) -> str:
    return f"visitor-{place:06d}"


def _text(turn: int, number: int) -> str:
    if turn == 0:
        return "Hello, I would like to order."
    if turn % 2:
        return str(1 + number * 7919 % 500)
    return f"Please come to gate {number % 9 + 1}, and ring twice."
