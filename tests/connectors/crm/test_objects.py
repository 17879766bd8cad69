"""FindCardByScenario and CreateCardV2 where the SQL store keeps the CRM, on SQLite and on PostgreSQL."""

import pytest

from tests.connectors.crm.card_bench import ANN, BOB

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def sales(kept_here):
    return kept_here


async def test_a_card_is_created_and_found_by_a_scenario(sales):
    outcome, _, created = await sales.create_v2(phone=ANN, name="Ann", asked_on="2026-11-03")
    assert (outcome, created) == ("ok", {"id": "1", "phone": ANN, "name": "Ann", "asked_on": "2026-11-03"})
    assert await sales.card_of() is None
    assert await sales.scenario(("phone", ANN)) == ("one", None, created)
    assert await sales.card_of() == ("crm_v2", "lead", "1")
    assert await sales.scenario(("phone", BOB)) == ("none", None, {})
    await sales.create_v2(phone=ANN)
    assert await sales.scenario(("phone", ANN)) == ("several", None, {})
    assert (await sales.scenario(("phone", BOB), ("name", "Ann"), combination="any"))[0] == "one"


async def test_objects_know_nothing_of_each_other(sales):
    await sales.create_v2(phone=ANN, name="Ann")
    assert (await sales.scenario(("name", "Ann"), object_="company"))[0] == "none"
    assert (await sales.find(("phone", ANN)))[0] == "none"


async def test_without_assertions_the_customer_is_found_by_the_address(sales):
    await sales.create_v2(phone=ANN, name="Ann")
    await sales.create_v2(phone=BOB, mail="bob@example.org")
    assert (await sales.scenario(scenario="who_writes", address=ANN))[2]["id"] == "1"
    assert (await sales.scenario(scenario="who_writes", address="bob@example.org"))[2]["id"] == "2"
    for address in ("+33612345670", "a visitor of the web chat", "", "Ann"):
        assert (await sales.scenario(scenario="who_writes", address=address))[0] == "none"


async def test_the_reasons_of_a_search(sales):
    assert (await sales.scenario(("colour", "red")))[:2] == ("error", "unknown_field")
    assert (await sales.scenario(("phone", "12")))[:2] == ("error", "wrong_type")
    assert (await sales.scenario(("phone", ANN), object_="boat"))[:2] == ("error", "refused")
    assert (await sales.scenario(("phone", ANN), crm="nowhere"))[:2] == ("error", "refused")


async def test_the_reasons_of_a_creation(sales):
    assert (await sales.create_v2(phone=ANN, colour="red"))[:2] == ("error", "unknown_field")
    assert (await sales.create_v2(phone="12"))[:2] == ("error", "wrong_type")
    assert (await sales.create_v2(name="Ann"))[:2] == ("error", "missing_field")
    assert (await sales.create_v2(object_="company", name="Acme"))[0] == "ok"
    assert (await sales.create_v2(object_="company", name="Acme"))[:2] == ("error", "duplicate")
    assert (await sales.create_v2(object_="boat", name="Ann"))[:2] == ("error", "refused")
    assert (await sales.create_v2(crm="nowhere", name="Ann"))[:2] == ("error", "refused")
    assert await sales.count() == 1


async def test_the_same_command_twice_is_one_card(sales):
    first = await sales.create_v2(phone=ANN, command_id="c1-1-1", associate=True)
    assert await sales.create_v2(phone=ANN, command_id="c1-1-1", associate=True) == first
    assert await sales.count() == 1
    assert await sales.card_of() == ("crm_v2", "lead", "1")


async def test_what_a_dead_connector_left_is_done_again_and_has_one_effect(sales):
    connector = sales.commands.connector
    body = {"crm": "sales", "object": "lead", "fields": [{"name": "phone", "type": "phone", "value": ANN}], "associate": True}
    method = connector.commands["CreateCardV2"]
    assert await method.look(connector, body, sales.commands.context("c1-1-1")) is None
    assert (await sales.create_v2(phone=ANN, command_id="c1-1-1"))[0] == "ok"
    assert (await sales.create_v2(phone=ANN, command_id="c1-1-1"))[2]["id"] == "1"
