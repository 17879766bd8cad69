"""Writes definitions: one transaction for what belongs together, one publication at a time."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from confluent_kafka import KafkaException, Producer

from processor.actions import action_types as all_action_types
from processor.engine.action import Action
from processor.engine.definitions import DefinitionLog
from processor.flow.publication import Publication, key_of
from processor.runtime.definition_reader import DefinitionReader
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.registry import SchemaRegistry
from schemas.topics import LARGEST_RECORD_BYTES

ANSWER_SEC: Final = 15.0
"""How long the broker may take for one answer."""

CATCH_UP_SEC: Final = 60.0
"""How long reading all that is published may take."""


class PublishingFailed(Exception):
    """Nothing was published; the message says why and what to do."""


def publish(
    deployment: Deployment, prepare: Callable[[DefinitionLog], Publication], action_types: Mapping[str, type[Action]] | None = None
) -> Publication:
    """Prepare a publication beside all that is published, write it in one transaction, and return it.

    Publishers share a transactional id: one that begins while another is at work fences that one off, so that what `prepare` was shown
    still holds when its records are written (KIP-98).

    Args:
        deployment: where to publish.
        prepare: told what is published, returns what to write; what it raises, such as DocumentRefused, passes through.
        action_types: the action types that published flows may hold; all that there are, unless they are given.

    Raises:
        PublishingFailed: the broker cannot be reached, lacks the topic, or refused; nothing was written.
    """
    topic = deployment.topics.definitions
    codec = Codec(SchemaRegistry(deployment.schema_registry_url) if deployment.schema_registry_url else None)
    producer = Producer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "transactional.id": f"{deployment.topic_prefix}publisher",
            "transaction.timeout.ms": 30_000,
            "partitioner": "murmur2_random",
            "message.max.bytes": LARGEST_RECORD_BYTES,
            "log_level": 0,  # what fails is told by the exception
        }
    )
    _reach(producer, deployment, topic)
    try:
        producer.init_transactions(ANSWER_SEC)
        reader = _read(deployment, codec, action_types)
    except (KafkaException, TimeoutError) as error:
        raise PublishingFailed(_told(error)) from error
    publication = prepare(reader.log)
    _refuse_unread(publication, reader)
    try:
        _write(producer, topic, publication, codec)
    except (KafkaException, TimeoutError) as error:
        raise PublishingFailed(_told(error)) from error
    return publication


def preview(
    deployment: Deployment, prepare: Callable[[DefinitionLog], Publication], action_types: Mapping[str, type[Action]] | None = None
) -> Publication:
    """Return what `publish` would write now; nothing is written, and no other publication is disturbed.

    Raises as `publish` does.
    """
    _reach(Producer({"bootstrap.servers": deployment.bootstrap_servers, "log_level": 0}), deployment, deployment.topics.definitions)
    codec = Codec(SchemaRegistry(deployment.schema_registry_url) if deployment.schema_registry_url else None)
    try:
        reader = _read(deployment, codec, action_types)
    except (KafkaException, TimeoutError) as error:
        raise PublishingFailed(_told(error)) from error
    publication = prepare(reader.log)
    _refuse_unread(publication, reader)
    return publication


def _read(deployment: Deployment, codec: Codec, action_types: Mapping[str, type[Action]] | None) -> DefinitionReader:
    """Return a reader that has read all that is published, and is closed."""
    reader = DefinitionReader(deployment, codec, all_action_types() if action_types is None else action_types)
    try:
        reader.catch_up(CATCH_UP_SEC)
    finally:
        reader.close()
    return reader


def _reach(producer: Producer, deployment: Deployment, topic: str) -> None:
    try:
        topics = producer.list_topics(timeout=ANSWER_SEC).topics
    except KafkaException as error:
        raise PublishingFailed(
            f"No Kafka broker answers at {deployment.bootstrap_servers} within {ANSWER_SEC:g} seconds: nothing was published."
        ) from error
    if topic not in topics:
        raise PublishingFailed(
            f"{deployment.bootstrap_servers} has no topic {topic}: `smart-routing topics create` makes it. Nothing was published."
        )


def _refuse_unread(publication: Publication, reader: DefinitionReader) -> None:
    """Refuse to go on from a definition that this release cannot read: the next version's number would be a guess."""
    problems = [reader.unread[key_of(record)] for record in publication.records if key_of(record) in reader.unread]
    if problems:
        raise PublishingFailed(
            "Nothing was published: this release cannot read what is published under the same name, so that only the release which wrote "
            f"it knows what comes next. {problems[0]}"
        )


def _write(producer: Producer, topic: str, publication: Publication, codec: Codec) -> None:
    if not publication.records:
        return
    producer.begin_transaction()
    for record in publication.records:
        value: Any = codec.encode("definition", record)
        producer.produce(topic, value, key_of(record))
    producer.commit_transaction(ANSWER_SEC)


def _told(error: KafkaException | TimeoutError) -> str:
    if isinstance(error, TimeoutError):
        return f"Nothing was published: {error}"
    cause = error.args[0]
    if cause.fatal():
        return "Nothing was published: another publication began while this one was at work, and only one can be at a time. Publish again."
    return f"Nothing was published: Kafka says {cause.str()}."
