import pytest
from pydantic import ValidationError

from processor.engine.parameters import CheckpointReference, FlowReference, Target, WebServiceReference


@pytest.mark.parametrize("reference", [CheckpointReference, FlowReference, WebServiceReference])
def test_an_entity_is_named_by_its_id_or_its_reference_and_not_by_both(
    reference: type[CheckpointReference | FlowReference | WebServiceReference],
) -> None:
    assert reference.model_validate({"id": "a"}).id == "a"
    named = reference.model_validate({"reference": "{{ a.b }}"}).reference
    assert named is not None
    assert named.source == "{{ a.b }}"
    for document in ({}, {"id": "a", "reference": "b"}, {"name": "a"}):
        with pytest.raises(ValidationError):
            reference.model_validate(document)


def test_parameters_do_not_change() -> None:
    target = Target(variable="order", field="total")
    with pytest.raises(ValidationError):
        target.field = "note"  # type: ignore[misc]  # that is what is tested
