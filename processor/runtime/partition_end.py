"""The client's word for the end of a partition."""

from confluent_kafka import KafkaError, KafkaException


def is_partition_end(error: KafkaError | None) -> bool:
    """Tell a partition's end from a record.

    Raises KafkaException for any other error: what cannot be read is never passed over.
    """
    if error is None:
        return False
    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the codes of librdkafka itself are named so
        raise KafkaException(error)
    return True
