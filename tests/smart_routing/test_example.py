import json
from datetime import date

import pytest
from aiohttp.test_utils import TestClient, TestServer

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.flow.batch import lint_batch, read_batch
from smart_routing.cannot_start import CannotStart
from smart_routing.example import examples
from smart_routing.order_service import order_application

TODAY = date(2026, 12, 20)


@pytest.fixture
def documents():
    """Return the documents of the first example, which asks the order service."""
    return list(examples()[0].documents("http://127.0.0.1:1234"))


@pytest.fixture
async def orders():
    async with TestClient(TestServer(order_application(TODAY))) as client:
        yield client


def test_the_examples_have_neither_faults_nor_warnings_together():
    batch = read_batch([document for example in examples() for document in example.documents("http://127.0.0.1:1234")], action_types())
    assert batch.faults == []
    assert lint_batch(batch, DefinitionLog()) == []


def test_each_example_is_let_in_by_an_account_of_its_own_and_opens_with_the_flow_of_its_name():
    assert len({example.account for example in examples()}) == len(examples())
    for example in examples():
        entries = [document for _, document in example.documents("http://127.0.0.1:1") if document.get("kind") == "entry_point"]
        assert [entry["flow"] for entry in entries if entry["account"] == example.account] == [example.about.folder]


def test_the_example_uses_every_type_of_the_first_thirteen(documents):
    used = {action["type"] for _, document in documents for action in document.get("actions", {}).values()}
    assert used == {
        "start", "node", "simple_message", "message_awaiting_response", "message_with_choice", "assign_variables", "test_values",
        "load_sharing", "add_checkpoint", "check_passages", "pause", "web_service", "distribution_to_smart_routing",
    }  # fmt: skip


def test_every_checkpoint_that_is_defined_is_used(documents):
    defined = {document["reference"] for _, document in documents if document["kind"] == "checkpoint"}
    used = {
        action["checkpoint"]["reference"]
        for _, document in documents
        for action in document.get("actions", {}).values()
        if "checkpoint" in action
    }
    assert defined == used


def test_web_services_are_looked_for_where_the_order_service_runs(documents):
    urls = [document["url"] for _, document in documents if document["kind"] == "web_service"]
    assert len(urls) == 2
    assert all(url.startswith("http://127.0.0.1:1234/orders/") for url in urls)


def test_an_example_that_is_missing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("smart_routing.example._PLACES", (tmp_path,))
    with pytest.raises(CannotStart, match=r"examples are missing: expected the folder order_help in .*\. Install smart-routing anew\."):
        examples.__wrapped__()


async def test_an_order_is_told_with_its_delivery(orders):
    answer = await orders.get("/orders/100245")
    assert await answer.json() == {
        "number": "100245", "item": "copper kettle", "status": "on_the_way", "delivery": {"carrier": "Parcel Post", "day": "2026-12-21"}
    }  # fmt: skip


async def test_an_order_that_does_not_exist_is_not_found(orders):
    assert (await orders.get("/orders/1")).status == 404


async def test_a_delivery_is_changed_as_long_as_the_parcel_is_in_the_house(orders):
    assert (await orders.put("/orders/100246/delivery", json={"day": "2026-12-30"})).status == 200
    assert (await (await orders.get("/orders/100246")).json())["delivery"]["day"] == "2026-12-30"
    assert (await orders.put("/orders/100247/delivery", json={"day": "2026-12-30"})).status == 409


@pytest.mark.parametrize("body", ["", "[]", "{}", json.dumps({"day": "soon"}), json.dumps({"day": 3})])
async def test_a_day_that_is_none_is_refused(orders, body):
    assert (await orders.put("/orders/100246/delivery", data=body, headers={"Content-Type": "application/json"})).status == 400


FREE = {"open_until": "2027-03-20", "free": ["2026-12-23T09:00", "2026-12-24T14:00"]}


async def test_the_next_free_morning_and_afternoon_are_proposed(orders):
    answer = await orders.get("/appointments?from=2026-12-23")  # a Wednesday: nobody is there in the afternoon
    assert await answer.json() == FREE


@pytest.mark.parametrize(
    ("day", "free"),
    [
        ("2026-12-01", ["2026-12-21T09:00", "2026-12-21T14:00"]),  # a day that is past: tomorrow
        ("2026-12-26", ["2026-12-28T09:00", "2026-12-28T14:00"]),  # a Saturday: Monday
        ("2027-03-20", []),
        ("9999-12-31", []),
    ],
)
async def test_times_are_proposed_from_tomorrow_on_as_far_as_the_agenda_is_open(orders, day, free):
    assert (await (await orders.get(f"/appointments?from={day}")).json())["free"] == free


async def test_a_time_is_booked_once(orders):
    answer = await orders.post("/appointments", json={"start": "2026-12-23T09:00:00+01:00", "name": "Ada", "phone": "+33612345678"})
    assert (answer.status, (await answer.json())["number"]) == (201, "RDV-101")
    assert (await orders.post("/appointments", json={"start": "2026-12-23T09:00"})).status == 409
    assert (await (await orders.get("/appointments?from=2026-12-23")).json())["free"] == ["2026-12-23T09:40", "2026-12-24T14:00"]


@pytest.mark.parametrize("start", ["2026-12-20T09:00", "2026-12-23T14:00", "2026-12-24T09:10", "2026-12-26T09:00", "2027-03-22T09:00"])
async def test_a_time_that_the_agenda_does_not_have_is_not_booked(orders, start):
    assert (await orders.post("/appointments", json={"start": start})).status == 409


@pytest.mark.parametrize("query", ["", "?from=soon"])
async def test_free_times_from_no_day_are_refused(orders, query):
    assert (await orders.get(f"/appointments{query}")).status == 400


@pytest.mark.parametrize("body", ["", "[]", "{}", json.dumps({"start": "soon"}), json.dumps({"start": 3})])
async def test_an_appointment_without_a_start_is_refused(orders, body):
    assert (await orders.post("/appointments", data=body, headers={"Content-Type": "application/json"})).status == 400
