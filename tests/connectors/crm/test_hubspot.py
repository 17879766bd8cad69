"""HubSpot as the CRM: against a server on loopback that behaves as the published API."""

import json
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from connectors.framework.errors import Retry
from tests.connectors.command_bench import QUICK
from tests.connectors.crm.card_bench import ANN, BOB, cards, fields
from tests.connectors.crm.hubspot_server import TOKEN, HubSpot, broken, lost, no_more_today, nonsense, slow, too_many
from tests.connectors.local_http import serving

ALLOWED = QUICK.model_copy(update={"allowed_networks": (ip_network("127.0.0.1/32"),)})
PROPERTIES = {"name": "firstname", "mail": "email", "asked_on": "asked", "level": "tier"}


@pytest.fixture
def sql_url(sqlite_url):
    return sqlite_url


@asynccontextmanager
async def connected(shared, sql_url, port, *, token=TOKEN, command_property=None, seconds=1.0):
    system = {
        "adapter": "hubspot",
        "base_url": f"http://127.0.0.1:{port}",
        "credential": {"kind": "bearer", "token": token},
        "timeout_seconds": seconds,
        "objects": {"lead": {"type": "contacts", "properties": PROPERTIES, "command_property": command_property}},
        "scenarios": {"who_writes": ["phone", "email"]},
    }
    async with cards(shared, sql_url, settings=ALLOWED, SMART_ROUTING_CRM_SYSTEMS=json.dumps({"sales": system})) as made:
        yield made


@pytest.fixture
async def hubspot():
    return HubSpot()


@pytest.fixture
async def sales(shared, sql_url, hubspot):
    async with serving(hubspot.serve) as port, connected(shared, sql_url, port) as made:
        yield made


@pytest.fixture
async def sure_sales(shared, sql_url, hubspot):
    """With a property that holds the command's id."""
    async with serving(hubspot.serve) as port, connected(shared, sql_url, port, command_property="command") as made:
        yield made


async def test_a_card_is_created_and_found_and_is_the_interactions(sales, hubspot):
    outcome, reason, created = await sales.create_v2(
        phone=ANN, name="Ann", bill="1450.5", car="true", asked_on="2026-11-03", associate=True
    )
    assert (outcome, reason) == ("ok", None)
    assert created == {"id": "101", "phone": ANN, "name": "Ann", "bill": "1450.5", "car": "true", "asked_on": "2026-11-03"}
    assert hubspot.requests[-1][3]["properties"]["asked"] == "1793664000000"  # midnight UTC of the day
    assert await sales.card_of() == ("crm_v2", "lead", "101")
    assert await sales.scenario(("phone", ANN), ("bill", "1450.50")) == ("one", None, created)
    assert await sales.scenario(("asked_on", "2026-11-03")) == ("one", None, created)
    assert await sales.scenario(("phone", BOB)) == ("none", None, {})
    assert await sales.count() == 0  # nothing of it is kept here


async def test_and_is_within_a_group_or_across_groups(sales, hubspot):
    await sales.create_v2(phone=ANN, name="Ann")
    await sales.create_v2(phone=BOB, name="Bob")
    assert (await sales.scenario(("phone", ANN), ("name", "Bob")))[0] == "none"
    assert [len(group["filters"]) for group in hubspot.requests[-1][3]["filterGroups"]] == [2]
    assert (await sales.scenario(("phone", ANN), ("name", "Bob"), combination="any"))[0] == "several"
    assert [len(group["filters"]) for group in hubspot.requests[-1][3]["filterGroups"]] == [1, 1]
    many = [("name", f"N{number}") for number in range(8)]
    assert (await sales.scenario(*many, ("name", "Bob"), combination="any"))[2]["id"] == "102"
    assert (await sales.scenario(*[("name", "Ann")] * 12, ("phone", ANN)))[2]["id"] == "101"


async def test_upper_and_lower_case_differ_although_hubspot_takes_them_for_the_same(sales):
    await sales.create_v2(phone=ANN, name="ANN")
    assert (await sales.scenario(("name", "Ann")))[0] == "none"
    await sales.create_v2(phone=BOB, name="Ann")
    assert (await sales.scenario(("name", "Ann")))[2]["id"] == "102"


async def test_what_is_on_later_pages_counts(sales, hubspot):
    for number in range(150):
        await sales.create_v2(phone=f"+336{number:08d}", name="ann" if number < 149 else "Ann")
    hubspot.requests.clear()
    assert (await sales.scenario(("name", "Ann")))[2]["id"] == "250"
    assert len(hubspot.requests) == 2


async def test_without_assertions_the_customer_is_found_by_the_address(sales):
    await sales.create_v2(phone=ANN)
    assert (await sales.scenario(scenario="who_writes", address=ANN))[2]["id"] == "101"
    assert (await sales.scenario(scenario="who_writes", address="visitor 1"))[0] == "none"
    assert (await sales.scenario(scenario="another", address=ANN))[:2] == ("error", "refused")


async def test_the_reasons_of_hubspots_refusals(sales, hubspot):
    assert (await sales.scenario(("level", "gold")))[:2] == ("error", "unknown_field")
    assert (await sales.create_v2(phone=ANN, level="gold"))[:2] == ("error", "unknown_field")
    assert (await sales.create_v2(name="Ann"))[:2] == ("error", "missing_field")
    assert (await sales.create_v2(phone=ANN, mail="ann@example.org"))[0] == "ok"
    assert (await sales.create_v2(phone=BOB, mail="ann@example.org"))[:2] == ("error", "duplicate")
    assert (await sales.create_v2(phone=ANN, mail="ann@example.invalid"))[:2] == ("error", "wrong_type")
    assert (await sales.scenario(("name", "Ann"), object_="company"))[:2] == ("error", "refused")
    assert await sales.card_of() is None
    assert len(hubspot.cards) == 1


async def test_another_token_is_refused(shared, sql_url, hubspot):
    async with serving(hubspot.serve) as port, connected(shared, sql_url, port, token="pat-another-token-altogether") as sales:
        assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")
        assert (await sales.create_v2(phone=ANN))[:2] == ("error", "refused")


@pytest.mark.parametrize("trouble", [too_many, no_more_today, broken, slow, lost])
async def test_a_search_is_tried_again(sales, hubspot, trouble):
    await sales.create_v2(phone=ANN)
    hubspot.trouble.append(trouble)
    with pytest.raises(Retry) as raised:
        await call(sales, "FindCardByScenario", combination="all", scenario="by_phone", assertions=fields({"phone": ANN}))
    assert raised.value.reason == "unreachable"
    assert raised.value.after == (3_600 if trouble is no_more_today else None)


async def call(sales, name, command_id="c1-1-1", **body):
    connector = sales.commands.connector
    method = connector.commands[name]
    return await method.execute(connector, {"crm": "sales", "object": "lead", **body}, sales.commands.context(command_id))


@pytest.mark.parametrize("trouble", [too_many, no_more_today])
async def test_a_creation_that_was_not_taken_is_tried_again(sales, hubspot, trouble):
    hubspot.trouble.append(trouble)
    with pytest.raises(Retry):
        await call(sales, "CreateCardV2", fields=fields({"phone": ANN}), associate=False)


@pytest.mark.parametrize("trouble", [broken, slow, lost, nonsense])
async def test_a_creation_of_which_nobody_knows_is_unknown_and_not_repeated(sales, hubspot, trouble):
    hubspot.trouble.append(trouble)
    assert (await sales.create_v2(phone=ANN))[0] == "unknown"
    assert len(hubspot.requests) == 1


@pytest.mark.parametrize("trouble", [broken, slow, lost])
async def test_with_a_property_for_the_commands_id_it_is_repeated_and_creates_once(sure_sales, hubspot, trouble):
    async def done_and_then(request):
        hubspot.create((await request.json())["properties"])
        return await trouble(request)

    hubspot.trouble.append(done_and_then)
    with pytest.raises(Retry):
        await call(sure_sales, "CreateCardV2", fields=fields({"phone": ANN}), associate=True)
    outcome = await call(sure_sales, "CreateCardV2", fields=fields({"phone": ANN}), associate=True)
    assert (outcome.outcome, outcome.values["id"]) == ("ok", "101")
    assert len(hubspot.cards) == 1
    assert await sure_sales.card_of() == ("crm_v2", "lead", "101")


async def test_a_duplicate_of_another_command_stays_one(sure_sales, hubspot):
    hubspot.unique.add("firstname")
    assert (await sure_sales.create_v2(phone=ANN, mail="ann@example.org", name="Ann"))[0] == "ok"
    assert (await sure_sales.create_v2(phone=BOB, mail="ann@example.org"))[:2] == ("error", "duplicate")
    assert (await sure_sales.create_v2(phone=BOB, name="Ann"))[:2] == ("error", "duplicate")
    assert len(hubspot.cards) == 1


async def test_what_became_of_the_card_of_a_dead_connector(sales, sure_sales, hubspot):
    body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN}), "associate": True}

    async def look(made):
        connector = made.commands.connector
        return await connector.commands["CreateCardV2"].look(connector, body, made.commands.context("c1-1-1"))

    assert (await look(sales)).outcome == "unknown"
    assert await look(sure_sales) is None
    hubspot.create({"phone": ANN, "command": "c1-1-1"})
    found = await look(sure_sales)
    assert (found.outcome, found.values["id"]) == ("ok", "101")
    assert await sure_sales.card_of() == ("crm_v2", "lead", "101")
    made = await sales.create_v2(phone=BOB, command_id="c1-1-1")  # noted, and only the answer was lost
    found = await look(sales)
    assert (found.outcome, found.reason, dict(found.values)) == made


async def test_a_look_up_that_is_refused_leaves_it_unknown(shared, sql_url, hubspot):
    async with serving(hubspot.serve) as port, connected(shared, sql_url, port, token="pat-revoked", command_property="command") as sales:
        connector = sales.commands.connector
        body = {"crm": "sales", "object": "lead", "fields": fields({"phone": ANN}), "associate": True}
        found = await connector.commands["CreateCardV2"].look(connector, body, sales.commands.context("c1-1-1"))
        assert (found.outcome, found.reason, found.detail) == ("unknown", "interrupted", "The CRM answered HTTP 401.")


async def test_nonsense_is_refused(sales, hubspot):
    hubspot.trouble.append(nonsense)
    assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")


async def test_a_crm_that_is_away_is_unreachable(shared, sql_url):
    async with connected(shared, sql_url, 9) as sales:
        assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "unreachable")
        assert (await sales.create_v2(phone=ANN))[:2] == ("error", "unreachable")  # it surely did not arrive


async def test_a_private_address_is_refused_unless_it_is_allowed(shared, sql_url, hubspot):
    async with serving(hubspot.serve) as port:
        system = {"adapter": "hubspot", "base_url": f"http://127.0.0.1:{port}", "credential": {"kind": "bearer", "token": TOKEN}}
        async with cards(shared, sql_url, SMART_ROUTING_CRM_SYSTEMS=json.dumps({"sales": system})) as sales:
            assert (await sales.scenario(("phone", ANN)))[:2] == ("error", "refused")
    assert hubspot.requests == []


@pytest.mark.parametrize("attack", ["\r\nX-Injected: 1", '"}]}]}', "*", "../../deals/search", "<script>"])
async def test_what_a_customer_writes_stays_a_value(sales, sure_sales, hubspot, attack):
    assert (await sales.scenario(("name", attack)))[0] == "none"
    assert hubspot.requests[-1][3]["filterGroups"] == [{"filters": [{"propertyName": "firstname", "operator": "EQ", "value": attack}]}]
    assert (await sure_sales.create_v2(phone=ANN, name=attack, command_id=f"c1-{attack}"))[2]["name"] == attack
    assert (await sales.scenario(scenario="who_writes", address=attack))[0] == "none"
    assert {path for _, path, _, _ in hubspot.requests} == {"/crm/v3/objects/contacts", "/crm/v3/objects/contacts/search"}
