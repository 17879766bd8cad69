"""The interactions in flight with older versions of a flow, and the sweep that lets them go on with another one, or end.

Workers learn of a new version a little after it is published, and open interactions with the one before until they do; a request may also
reach a worker before the version does, and is then ignored. So a sweep looks again until nothing is left that it could ask: the changelog
says who is in flight, the group's offsets which requests have been applied. Whatever it is interrupted in, it can be run again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from msgspec import Struct

from processor.engine import codec as state_codec
from processor.engine.definitions import Definitions
from processor.engine.errors import Unmigratable
from processor.engine.events import MigrateRequested
from processor.engine.interaction import Interaction
from processor.engine.migration import migrated
from processor.runtime.operator_requests import Requests
from processor.runtime.partition_end import is_partition_end
from processor.runtime.watermarks import watermarks
from schemas.codec import Codec
from schemas.deployment import Deployment

POSITIONS_KEY: Final = b"positions"
RECORDS_AT_ONCE: Final = 5_000
COMMITTED_SEC: Final = 30.0
QUIET_SEC: Final = 2.0
"""How long nothing may be found before a sweep believes that nothing more comes."""
ROUND_SEC: Final = 0.25
WITHIN_SEC: Final = 120.0
"""How long a sweep waits for the workers, unless it is told otherwise."""


class _Running(Struct, frozen=True):
    """What must be known of every interaction; the rest of its state is passed over."""

    flow: str
    flow_version: int


class _Seen(Struct, frozen=True):
    interaction: _Running | None = None


_seen = msgspec.msgpack.Decoder(_Seen)


class Report(Struct, frozen=True):
    """What a sweep came to."""

    found: int
    """Interactions that were in flight with an older version."""

    done: int
    """Those of them that are no longer: they go on with the new version, or have ended, on request or by themselves."""

    refused: Mapping[str, int]
    """Why others keep their version → how many."""

    unanswered: int
    """Those that were asked and whose request no worker has come to yet; it stands in the log, and will be applied."""

    quarantined: int
    """Those that nothing is applied to before they are resumed."""


class Ask(Protocol):
    """What a sweep does with one interaction."""

    def refusal(self, interaction: Interaction) -> str | None:
        """Say why there is no use in asking; None where there is."""

    def send(self, requests: Requests, interaction: Interaction) -> None:
        """Send the request."""


class Migrate:
    """Interactions go on with another version."""

    def __init__(self, definitions: Definitions, flow: str, to: int, actions: Mapping[str, str]) -> None:
        """Prepare; `definitions` hold the version."""
        self._definitions = definitions
        self._flow = flow
        self._to = to
        self._actions = dict(actions)

    def refusal(self, interaction: Interaction) -> str | None:
        """Return what the engine would say: it is asked the same question here."""
        request = MigrateRequested(0, "", self._flow, interaction.flow_version, self._to, self._actions)
        try:
            migrated(interaction, request, self._definitions)
        except Unmigratable as reason:
            return f"version {interaction.flow_version}: {reason}"
        return None

    def send(self, requests: Requests, interaction: Interaction) -> None:
        """Send the request."""
        requests.migrate(interaction.conversation_id, self._flow, interaction.flow_version, self._to, self._actions)


class End:
    """Interactions end."""

    def __init__(self, note: str) -> None:
        """Prepare; the note is kept in the journal."""
        self._note = note

    def refusal(self, interaction: Interaction) -> str | None:
        """Every interaction can be ended."""
        return None

    def send(self, requests: Requests, interaction: Interaction) -> None:
        """Send the request."""
        requests.end(interaction.conversation_id, self._note, interaction.flow, interaction.flow_version)


class InFlight:
    """Follows the changelog: who runs with a version of a flow before a given one. Keeps only those."""

    def __init__(self, deployment: Deployment, codec: Codec, flow: str, versions: Callable[[int], bool]) -> None:
        """Prepare; `versions` says which versions are meant."""
        self._deployment = deployment
        self._codec = codec
        self._flow = flow
        self._versions = versions
        self._topic = deployment.topics.state
        self._payloads: dict[bytes, bytes] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "group.id": "unused",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                "log_level": 3,
            }
        )
        self._reached = dict.fromkeys(range(deployment.partitions), 0)
        self._consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in self._reached])

    def catch_up(self) -> dict[str, bytes]:
        """Read up to the changelog's end as it is now, and return the states of the conversations meant, by their ids.

        Raises KafkaException.
        """
        ends = {number: watermarks(self._consumer, TopicPartition(self._topic, number))[1] for number in self._reached}
        while any(self._reached[number] < end for number, end in ends.items()):
            first = self._consumer.poll(0.5)  # consume() alone would wait for all that it may return
            for message in () if first is None else (first, *self._consumer.consume(RECORDS_AT_ONCE, 0)):
                self._take(message)
        return {key.decode(): payload for key, payload in sorted(self._payloads.items())}

    def close(self) -> None:
        """Leave the topic."""
        self._consumer.close()

    def _take(self, message: Message) -> None:
        number, offset = message.partition() or 0, message.offset() or 0
        if is_partition_end(message.error()):
            self._reached[number] = max(self._reached[number], offset)  # past what transactions leave at a topic's end
            return
        self._reached[number] = offset + 1
        key, value = message.key(), message.value()
        if key is None or key == POSITIONS_KEY:
            return
        payload = self._codec.decode(value)[1]["payload"] if value is not None else None
        running = _seen.decode(payload).interaction if payload is not None else None
        if payload is not None and running is not None and running.flow == self._flow and self._versions(running.flow_version):
            self._payloads[key] = payload
        else:
            self._payloads.pop(key, None)


class _Verdict(Struct, frozen=True):
    """What is to be done with an interaction; holds for as long as its state is the same."""

    payload: bytes
    interaction: Interaction
    quarantined: bool
    refusal: str | None


def _judged(payload: bytes, ask: Ask) -> _Verdict:
    conversation = state_codec.decode(payload)
    assert conversation.interaction is not None, "only those with a live interaction are kept"
    return _Verdict(payload, conversation.interaction, conversation.quarantined is not None, ask.refusal(conversation.interaction))


@contextmanager
def in_flight(deployment: Deployment, codec: Codec, flow: str, versions: Callable[[int], bool]) -> Iterator[InFlight]:
    """Follow who runs with some versions of a flow.

    Raises KafkaException when the broker does not answer or has no such topic.
    """
    follower = InFlight(deployment, codec, flow, versions)
    try:
        yield follower
    finally:
        follower.close()


def sweep(
    follower: InFlight,
    ask: Ask,
    requests: Requests,
    applied: Callable[[], Mapping[int, int]],
    *,
    within_sec: float = WITHIN_SEC,
    quiet_sec: float = QUIET_SEC,
    progress: Callable[[int, int], None] = lambda _found, _done: None,
) -> Report:
    """Ask every interaction that is in flight, and go on until none is left that could be asked, or the time is over.

    Args:
        follower: who is in flight.
        ask: what to do with them.
        requests: where requests go.
        applied: partition of `inbound` → the offset up to which the workers have applied it.
        within_sec: how long to wait for the workers.
        quiet_sec: how long nothing may be found before this is believed.
        progress: told how many were found and how many are done, after each look.

    Raises KafkaException or TimeoutError where the broker does not answer.
    """
    until = time.monotonic() + within_sec
    found: set[str] = set()
    asked: set[str] = set()
    verdicts: dict[str, _Verdict] = {}
    quiet_since: float | None = None
    while True:
        # The order matters: a request that was applied before the changelog was read shows its effect there.
        reached = applied()
        live = follower.catch_up()
        found |= live.keys()
        refused: Counter[str] = Counter()
        waiting = quarantined = 0
        to_ask: list[Interaction] = []
        for name, payload in live.items():
            sent = requests.sent.get(name)
            if name in asked and (sent is None or reached.get(sent[0], 0) <= sent[1]):
                waiting += 1
                continue
            verdict = verdicts.get(name)
            if verdict is None or verdict.payload is not payload:
                verdict = verdicts[name] = _judged(payload, ask)
            if verdict.quarantined:
                quarantined += 1
            elif verdict.refusal is not None:
                refused[verdict.refusal] += 1
            else:
                to_ask.append(verdict.interaction)
        now = time.monotonic()
        over = now >= until
        if not over:
            for interaction in to_ask:
                ask.send(requests, interaction)
                asked.add(interaction.conversation_id)
            requests.flush()
        progress(len(found), len(found) - len(live))
        busy = bool(to_ask) or waiting > 0
        quiet_since = None if busy else quiet_since if quiet_since is not None else now
        if over or (quiet_since is not None and now - quiet_since >= quiet_sec):
            return Report(len(found), len(found) - len(live), dict(refused), waiting + len(to_ask), quarantined)
        time.sleep(ROUND_SEC)


@contextmanager
def applied_inputs(deployment: Deployment) -> Iterator[Callable[[], Mapping[int, int]]]:
    """Ask the workers' group how far it has applied `inbound`."""
    consumer = Consumer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "group.id": deployment.processor_group,
            "enable.auto.commit": False,
            "log_level": 3,
        }
    )
    partitions = [TopicPartition(deployment.topics.inbound, number) for number in range(deployment.partitions)]
    try:
        yield lambda: {found.partition: max(0, found.offset) for found in consumer.committed(partitions, timeout=COMMITTED_SEC)}
    finally:
        consumer.close()


def sweep_flow(
    deployment: Deployment,
    codec: Codec,
    flow: str,
    versions: Callable[[int], bool],
    ask: Ask,
    *,
    operator: str,
    within_sec: float = WITHIN_SEC,
    quiet_sec: float = QUIET_SEC,
    progress: Callable[[int, int], None] = lambda _found, _done: None,
) -> Report:
    """Sweep a flow's interactions in flight; see `sweep`."""
    with in_flight(deployment, codec, flow, versions) as follower, applied_inputs(deployment) as applied:
        requests = Requests(deployment, codec, operator)
        return sweep(follower, ask, requests, applied, within_sec=within_sec, quiet_sec=quiet_sec, progress=progress)
