import pytest

from processor.engine.errors import DocumentRefused
from processor.runtime.simulator.world import conversation_that_draws
from tests.runtime.simulator.documents import DRAWING, ENTRY, FAREWELL, FLOW, simulation, world


def test_the_entry_point_of_the_documents_leads_in():
    found = world(FLOW, ENTRY, FAREWELL)
    assert (found.entry.id, found.flow.reference, found.flow.version) == ("site", "support", 1)


def test_an_entry_point_is_made_up_where_there_is_none_for_the_channel():
    assert world(FLOW).entry.channel == "web_chat"
    assert (world(FLOW, ENTRY, channel="whatsapp").entry.channel, world(FLOW, ENTRY, channel="whatsapp").entry.flow) == (
        "whatsapp",
        "support",
    )


@pytest.mark.parametrize(
    ("texts", "flow", "fault"),
    [
        ([FLOW, DRAWING], None, "one flow of type start in which the conversation begins; found support, draw: say which one (--flow)"),
        ([FAREWELL], None, "one flow of type start in which the conversation begins; found none"),
        ([FLOW], "suport", 'flow: expected a flow "suport" of type start (did you mean `support`?); found none'),
        ([FLOW, FAREWELL], "farewell", "found one of type end_of_interaction"),
    ],
)
def test_documents_that_do_not_say_where_to_begin_are_refused(texts, flow, fault):
    with pytest.raises(DocumentRefused, match="expected") as refused:
        world(*texts, flow=flow)
    assert fault in str(refused.value)


def test_what_load_sharing_draws_can_be_chosen():
    found = world(DRAWING)
    identity = conversation_that_draws(found, {"halves": ["link_2", "link_1"]})
    turn = simulation(of=found, conversation_id=identity).say("Hello")
    assert [step.branch for step in turn.steps if step.action == "halves"] == ["link_2", "link_1"]


@pytest.mark.parametrize(
    ("draws", "fault"),
    [
        ({"halvs": ["link_1"]}, 'draws.halvs: expected an action of type load_sharing (did you mean `halves`?); found "halvs"'),
        ({"other/halves": ["link_1"]}, "draws.other/halves: expected an action of type load_sharing"),
        ({"halves": ["link_3"]}, "draws: expected links that are drawn"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(draws, fault, monkeypatch):
    monkeypatch.setattr("processor.runtime.simulator.world._TRIES", 100)
    with pytest.raises(DocumentRefused) as refused:
        conversation_that_draws(world(DRAWING), draws)
    assert fault in str(refused.value)
