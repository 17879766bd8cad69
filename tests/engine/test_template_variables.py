import pytest
from pydantic import ValidationError

from processor.engine.entities.email_template import EmailTemplate
from processor.engine.entities.sms_template import SmsTemplate
from processor.engine.errors import Misfit
from processor.engine.template import Template
from processor.engine.template_variables import misfits


def test_what_is_declared_is_filled_in_and_nothing_else() -> None:
    given = {"colour": Template("red"), "name": Template("Ada")}
    assert misfits(["name", "number"], given) == [
        Misfit("unknown_input", "template_variables.colour", "a variable that the template declares", "none"),
        Misfit("missing_input", "template_variables.number", "a value for this variable", "nothing"),
    ]
    assert misfits(["colour", "name"], given) == []


@pytest.mark.parametrize("name", ["", "1st", "a b", "a.b", "a\n", "x" * 65, "é"])
def test_a_variable_has_a_name_that_a_template_can_say(name: str) -> None:
    SmsTemplate.model_validate({"id": "t", "reference": "t", "content": "a", "variables": ["a_1-b"]})
    with pytest.raises(ValidationError):
        SmsTemplate.model_validate({"id": "t", "reference": "t", "content": "a", "variables": [name]})


@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_an_email_template_is_read_with_all_its_parts(part: str) -> None:
    document = {"id": "e", "reference": "e", "subject": "{{ a }}", "text": "{{ a }}", "html": "<p>{{ a }}</p>", "variables": ["a"]}
    template = EmailTemplate.model_validate(document)
    assert EmailTemplate.model_validate(template.model_dump(mode="json")) == template
    with pytest.raises(ValidationError):
        EmailTemplate.model_validate({**document, part: "{{ a"})
