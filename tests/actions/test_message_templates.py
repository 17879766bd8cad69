"""What no single case can show of § 3.1 and 3.2: variables that do not fit the template."""

import pytest

from processor.engine.definitions import DefinitionLog, Definitions
from tests.actions.test_cases import entity_of
from tests.flows import action_of

EMAIL = {"type": "send_email", "email_type": "basic_send", "mailbox": "shop", "to": ["ada@example.org"]}
SMS = {"type": "send_sms", "sms_number": "Shop", "recipient": "+33612345678"}


def definitions() -> Definitions:
    log = DefinitionLog()
    log.publish(0, entity_of({"kind": "email_template", "id": "1", "reference": "one", "subject": "a", "text": "b", "variables": ["name"]}))
    log.publish(1, entity_of({"kind": "sms_template", "id": "1", "reference": "one", "content": "a", "variables": ["name"]}))
    return log.newest()


@pytest.mark.parametrize("document", [{**EMAIL, "email_template": {"reference": "one"}}, {**SMS, "sms_template": {"reference": "one"}}])
def test_variables_that_do_not_fit_the_template_are_told(document: dict[str, object]) -> None:
    misfits = action_of({**document, "template_variables": {"colour": "red"}}).misfits(definitions())
    assert [(misfit.code, misfit.path) for misfit in misfits] == [
        ("unknown_input", "template_variables.colour"),
        ("missing_input", "template_variables.name"),
    ]
    assert action_of({**document, "template_variables": {"name": "Ada"}}).misfits(definitions()) == []


@pytest.mark.parametrize("named", [{"reference": "{{ a.b }}"}, {"id": "gone"}])
def test_nothing_is_told_of_a_template_that_is_not_known(named: dict[str, str]) -> None:
    assert action_of({**EMAIL, "email_template": named}).misfits(definitions()) == []
    assert action_of({**SMS, "sms_template": named}).misfits(definitions()) == []
