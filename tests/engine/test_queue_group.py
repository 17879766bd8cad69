import pytest
from pydantic import ValidationError

from processor.engine.entities.queue_group import QueueGroup


def test_a_group_names_its_queues() -> None:
    group = QueueGroup(id="g", reference="g", queues=["support", "sales"])
    assert list(group.named()) == [("queues[0]", "queue", "support"), ("queues[1]", "queue", "sales")]


@pytest.mark.parametrize("queues", [[], ["q"] * 51, [""]])
def test_a_group_has_one_to_fifty_queues(queues: list[str]) -> None:
    with pytest.raises(ValidationError):
        QueueGroup(id="g", reference="g", queues=queues)
