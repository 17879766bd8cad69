import pytest
from pydantic import ValidationError

from processor.engine.entities.queue import Queue


@pytest.mark.parametrize("bound", ["maximum_waiting", "maximum_estimated_wait_sec", "maximum_wait_sec"])
def test_a_bound_is_at_least_one_and_need_not_be_there(bound: str) -> None:
    document = {"id": "q", "reference": "q"}
    assert getattr(Queue.model_validate(document), bound) is None
    assert getattr(Queue.model_validate({**document, bound: 1}), bound) == 1
    with pytest.raises(ValidationError):
        Queue.model_validate({**document, bound: 0})
