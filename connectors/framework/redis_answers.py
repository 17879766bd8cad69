"""Redis as connectors' methods use it: where it does not answer, the command is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from connectors.framework.errors import StoreAway


@contextmanager
def redis_answers(*, otherwise: str | None = None) -> Iterator[None]:
    """Raise StoreAway where Redis does not answer inside; past the deadline `otherwise` is the outcome then, if given."""
    try:
        yield
    except RedisError as error:
        raise StoreAway(f"Redis does not answer: {type(error).__name__}.", outcome=otherwise) from error
