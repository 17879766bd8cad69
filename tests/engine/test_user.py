import pytest
from pydantic import ValidationError

from processor.engine.entities.user import User


def test_a_user_names_the_queues_that_they_serve() -> None:
    assert list(User(id="u", reference="u", queues=["support"]).named()) == [("queues[0]", "queue", "support")]


def test_a_user_is_active_and_has_one_conversation_at_once_unless_the_document_says_otherwise() -> None:
    user = User(id="u", reference="u")
    assert (user.active, user.capacity, list(user.named())) == (True, 1, [])


@pytest.mark.parametrize("fields", [{"email": "anna"}, {"email": "a b@c"}, {"capacity": 0}, {"capacity": 101}, {"skills": [""]}])
def test_a_user_has_bounds(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        User.model_validate({"id": "u", "reference": "u", **fields})
