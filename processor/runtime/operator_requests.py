"""What an operator asks of a conversation, sent through `inbound` like everything else that happens to it."""

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.deployment import Deployment

ANSWER_SEC = 30.0


def resume(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """Lift a conversation's quarantine."""
    _send(deployment, conversation_id, codec.encode("resume_requested", {"operator": operator, "note": note}))


def end(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """End a conversation's live interaction with reason `ended_by_operator`."""
    _send(deployment, conversation_id, codec.encode("end_requested", {"operator": operator, "note": note}))


def _send(deployment: Deployment, conversation_id: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": deployment.bootstrap_servers, "enable.idempotence": True, "partitioner": "murmur2_random"})
    producer.produce(deployment.topics.inbound, value, conversation_id.encode())
    if producer.flush(ANSWER_SEC):
        raise TimeoutError(
            f"{deployment.bootstrap_servers}: expected the broker to take the request within {ANSWER_SEC:.0f} s; found no answer"
        )
