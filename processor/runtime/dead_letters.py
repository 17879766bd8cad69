"""Dead letters: to list, to look at, and to put back on their topics, each once."""

import time
from collections.abc import Callable, Iterable

from confluent_kafka import Producer
from msgspec import Struct

from processor.runtime.topic_log import read_topic
from schemas.codec import Codec, Datum
from schemas.deployment import Deployment
from schemas.topics import LARGEST_RECORD_BYTES

ANSWER_SEC = 30.0
REDRIVEN_HEADER = "redriven-from"

Coordinates = tuple[str, int, int]
"""Topic without prefix, partition and offset of the record that could not be applied."""


class DeadLetter(Struct, frozen=True):
    """One dead letter, and whether it was put back."""

    datum: Datum
    redriven: bool

    @property
    def coordinates(self) -> Coordinates:
        """Where its record came from."""
        return self.datum["topic"], self.datum["partition"], self.datum["offset"]

    @property
    def name(self) -> str:
        """Its coordinates as operators write them: `inbound/3/1042`."""
        return "/".join(map(str, self.coordinates))


def read_dead_letters(deployment: Deployment, codec: Codec) -> list[DeadLetter]:
    """Return all dead letters in the order of their log times."""
    letters: list[tuple[int, Datum]] = []
    redriven: set[Coordinates] = set()
    for record in read_topic(deployment, deployment.topics.dead_letters):
        name, datum = codec.decode(record.value)
        if name == "redriven":
            redriven.add((datum["topic"], datum["partition"], datum["offset"]))
        else:
            letters.append((record.at, datum))
    letters.sort(key=lambda letter: letter[0])
    return [DeadLetter(datum, (datum["topic"], datum["partition"], datum["offset"]) in redriven) for _, datum in letters]


def redrive(deployment: Deployment, codec: Codec, chosen: Callable[[DeadLetter], bool], operator: str) -> list[DeadLetter]:
    """Put the chosen dead letters back on their topics, and note that they were, in one transaction. Returns those put back.

    One that was put back before is left alone. A conversation in quarantine is resumed first. Redrivers are serialised by their
    transactional id, so that two at once put nothing back twice.
    """
    producer = Producer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "transactional.id": f"{deployment.topic_prefix}redrive",
            "partitioner": "murmur2_random",
            "message.max.bytes": LARGEST_RECORD_BYTES,
            "log_level": 3,
        }
    )
    producer.init_transactions(ANSWER_SEC)
    letters = [letter for letter in read_dead_letters(deployment, codec) if not letter.redriven and chosen(letter)]
    if not letters:
        return []
    producer.begin_transaction()
    for conversation_id in _quarantined(letters):
        value = codec.encode("resume_requested", {"operator": operator, "note": "redrive of its dead letters"})
        producer.produce(deployment.topics.inbound, value, conversation_id.encode())
    for letter in letters:
        _put_back(producer, deployment, codec, letter, operator)
    producer.commit_transaction(ANSWER_SEC)
    return letters


def _put_back(producer: Producer, deployment: Deployment, codec: Codec, letter: DeadLetter, operator: str) -> None:
    topic, partition, offset = letter.coordinates
    datum = letter.datum
    if datum["value"] is not None and topic != "ticks":  # time goes on by itself
        headers = [(header["name"], header["value"]) for header in datum["headers"]]
        producer.produce(
            f"{deployment.topic_prefix}{topic}", datum["value"], datum["key"], headers=[*headers, (REDRIVEN_HEADER, letter.name.encode())]
        )
    note = {"topic": topic, "partition": partition, "offset": offset, "redriven_at": time.time_ns() // 1_000_000, "operator": operator}
    producer.produce(deployment.topics.dead_letters, codec.encode("redriven", note), datum["key"] or b"")


def _quarantined(letters: Iterable[DeadLetter]) -> list[str]:
    """Return the conversations whose quarantine must be lifted, each once."""
    wanted = (letter.datum["conversation_id"] for letter in letters if letter.datum["reason"] in ("engine_fault", "quarantined"))
    return list(dict.fromkeys(conversation_id for conversation_id in wanted if conversation_id))
