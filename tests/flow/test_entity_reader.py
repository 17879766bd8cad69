import pytest

from processor.engine.entities import KINDS, CheckpointDefinition, EntryPoint, WebService
from processor.flow.document import load
from processor.flow.entity_reader import read_entity
from tests.flow.documents import ENTRY_POINT, WEB_SERVICE, faults_of

KNOWN = ", ".join(KINDS)


def test_entities_are_read_by_their_kind():
    assert isinstance(read_entity(ENTRY_POINT), EntryPoint)
    assert isinstance(read_entity(WEB_SERVICE), WebService)
    assert read_entity(load("kind: checkpoint\nid: c-1\nreference: qualified")) == CheckpointDefinition(id="c-1", reference="qualified")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("id: x", [f"kind: expected one of {KNOWN}; found nothing"]),
        (
            "kind: entry_pont",
            [f'kind: expected one of {KNOWN} (did you mean `entry_point`?); found "entry_pont"'],
        ),
        ("kind: [flow]", [f"kind: expected one of {KNOWN}; found a list of 1"]),
        (
            "{kind: web_service, id: '', reference: x, url: 'ftp://x', inputs: {n: {type: date, plac: query}}}",
            [
                'id: expected text of at least 1 characters; found ""',
                'url: expected text of the form ^https?://; found "ftp://x"',
                'inputs.n.type: expected `text`, `number` or `boolean`; found "date"',
                'inputs.n.plac: expected no such key (did you mean `place`?); found "query"',
            ],
        ),
    ],
)
def test_all_faults_of_an_entity_are_told(text, faults):
    assert faults_of(lambda: read_entity(load(text))) == faults
