"""What an operator asks of a conversation, sent through `inbound` like everything else that happens to it."""

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.deployment import Deployment

ANSWER_SEC = 30.0


def resume(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """Lift a conversation's quarantine."""
    _send(deployment, codec, "resume_requested", conversation_id, operator, note)


def end(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """End a conversation's live interaction with reason `ended_by_operator`."""
    _send(deployment, codec, "end_requested", conversation_id, operator, note)


def _send(deployment: Deployment, codec: Codec, schema: str, conversation_id: str, operator: str, note: str | None) -> None:
    producer = Producer(
        {"bootstrap.servers": deployment.bootstrap_servers, "enable.idempotence": True, "partitioner": "murmur2_random"}
    )
    producer.produce(deployment.topics.inbound, codec.encode(schema, {"operator": operator, "note": note}), conversation_id.encode())
    if producer.flush(ANSWER_SEC):
        raise TimeoutError(f"{deployment.bootstrap_servers}: expected the broker to take the request within {ANSWER_SEC:.0f} s; found no answer")
