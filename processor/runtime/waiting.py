"""How many interactions wait on each action, read from the workers' projection in Redis."""

from collections.abc import Iterable
from contextlib import closing

from confluent_kafka import Consumer, KafkaException, TopicPartition
from redis import Redis
from redis.exceptions import RedisError

from processor.runtime.watermarks import watermarks
from processor.runtime.worker.projection import WaitingCounts, waiting_counts, waiting_key
from schemas.deployment import Deployment

ANSWER_SEC = 3.0


class CountsUnavailable(Exception):
    """The counts cannot be had, or are not whole; the message says why, for people."""


def read_waiting(deployment: Deployment, versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], dict[str, int]]:
    """Return flow and version → action → how many interactions wait there; versions on which none does are left out.

    The counts are as of a moment ago: workers write them within a second of what they count.

    Raises CountsUnavailable where Redis does not answer, or has not counted all partitions of the journal yet.
    """
    wanted = list(dict.fromkeys(versions))
    prefix, partitions = deployment.topic_prefix, range(deployment.partitions)
    try:
        with closing(Redis.from_url(deployment.redis_url, socket_timeout=ANSWER_SEC, socket_connect_timeout=ANSWER_SEC)) as redis:
            offsets = redis.mget([f"{prefix}{WaitingCounts.name}.offsets:{number}" for number in partitions])
            pipeline = redis.pipeline(transaction=False)
            for flow, version in wanted:
                pipeline.hgetall(waiting_key(prefix, flow, version))
            found = [waiting_counts(counts) for counts in pipeline.execute()]
    except RedisError as error:
        raise CountsUnavailable(f"Redis at {_shown(deployment.redis_url)} does not answer ({error})") from error
    uncounted = [number for number, offset in zip(partitions, offsets, strict=True) if offset is None]
    if uncounted and _journalled(deployment, uncounted):
        raise CountsUnavailable("the workers have not counted the whole journal yet; a worker with its projection on will")
    return {key: counts for key, counts in zip(wanted, found, strict=True) if counts}


def _journalled(deployment: Deployment, partitions: list[int]) -> bool:
    """Tell whether the journal has records in one of some partitions."""
    consumer = Consumer(
        {"bootstrap.servers": deployment.bootstrap_servers, "group.id": "unused", "isolation.level": "read_committed", "log_level": 3}
    )
    try:
        for number in partitions:
            first, end = watermarks(consumer, TopicPartition(deployment.topics.journal, number), ANSWER_SEC)
            if end > first:
                return True
    except KafkaException as error:
        raise CountsUnavailable(f"the journal's end could not be asked for ({error.args[0].str()})") from error
    finally:
        consumer.close()
    return False


def _shown(url: str) -> str:
    """Return an address without its password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
