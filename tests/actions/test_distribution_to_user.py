"""What no single case can show of § 4.3: a user who does not fit."""

import pytest

from processor.engine.definitions import DefinitionLog
from processor.engine.errors import Misfit
from tests.actions.test_cases import entity_of
from tests.flows import action_of

AWAY = Misfit("unfit_definition", "user", "an active user", "`bert`, who is not")


@pytest.mark.parametrize(
    ("whom", "expected"),
    [
        ({"user": {"id": "u2"}}, [AWAY]),
        ({"user": {"reference": "bert"}}, [AWAY]),
        ({"user": {"id": "u1"}}, []),
        ({"user": {"id": "u3"}}, []),
        ({"user": {"reference": "{{ a.b }}"}}, []),
        ({"preferred_agent": True}, []),
    ],
)
def test_a_user_who_is_not_active_is_told(whom: dict[str, object], expected: list[Misfit]) -> None:
    log = DefinitionLog()
    log.publish(0, entity_of({"kind": "user", "id": "u1", "reference": "anna"}))
    log.publish(1, entity_of({"kind": "user", "id": "u2", "reference": "bert", "active": False}))
    assert action_of({"type": "distribution_to_user", **whom}).misfits(log.newest()) == expected
