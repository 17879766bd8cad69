"""The office's API of cards: what is its own; the rest is that of all records (databases/test_databases_office.py)."""

import json

import pytest

from connectors.crm import office
from tests.connectors.crm.card_bench import ANN, BOB, cards
from tests.connectors.office.office_bench import TOKEN, serving_office, staff

CONTACTS = "/api/crm/contacts/cards"
MEMBERS = "/api/crm/members/cards"
LEADS = "/api/crm_v2/sales/objects/lead/cards"
STAFF = staff(cora=["crm"], dora=["databases", "supervisor"])


@pytest.fixture
def deployment(shared, shared_redis):
    return shared.model_copy(update={"redis_url": shared_redis.url})


@pytest.fixture
async def clients(deployment, sql_url):
    async with serving_office(deployment, [office.mount], SMART_ROUTING_SQL_URL=sql_url, **STAFF) as client:
        yield client


async def test_a_unique_value_stays_so_whoever_adds_or_changes_a_card(clients):
    program = clients(TOKEN)
    for number in ("7", "8"):
        assert (await program.call("POST", MEMBERS, {"values": {"number": number, "name": "Ann"}}))[0] == 201
    status, said = await program.call("POST", MEMBERS, {"values": {"number": "7.0"}})
    assert (status, said["error"]) == (409, "duplicate")
    status, said = await program.call("PATCH", f"{MEMBERS}/2", {"values": {"number": "7"}}, **{"If-Match": '"1"'})
    assert (status, said["error"]) == (409, "duplicate")
    status, said = await program.call("PATCH", f"{MEMBERS}/2", {"values": {"number": ""}}, **{"If-Match": '"1"'})
    assert (status, said["error"]) == (422, "missing_field")
    status, said = await program.call("PATCH", f"{MEMBERS}/2", {"values": {"number": "8", "name": "Bob"}}, **{"If-Match": '"1"'})
    assert (status, said["values"]["name"]) == (200, "Bob")


async def test_a_card_shows_the_interactions_that_belong_to_it(clients, deployment, sql_url):
    program = clients(TOKEN)
    async with cards(deployment, sql_url) as flow:
        await flow.create(phone=ANN, associate=True)
        await flow.create_v2(phone=BOB)
        assert (await flow.find(("phone", ANN), interaction_id="c2-1"))[0] == "one"
    status, card = await program.call("GET", f"{CONTACTS}/1")
    assert status == 200
    assert sorted(found["interaction_id"] for found in card["interactions"]) == ["c1-1", "c2-1"]
    assert (await program.call("GET", f"{LEADS}/2"))[1]["interactions"] == []
    assert (await program.call("GET", f"{LEADS}/1"))[0] == 404  # it is another collection's


@pytest.mark.parametrize(
    "path",
    [
        "/api/crm/nowhere/cards",
        "/api/crm/%27%20OR%201%3D1--/cards",
        "/api/crm_v2/sales/objects/boat/cards",
        "/api/crm_v2/sales/objects/%27%3B/cards",
    ],
)
async def test_what_is_not_there_is_not_found(clients, path):
    assert (await clients(TOKEN).call("GET", path))[0] == 404
    assert (await clients(TOKEN).call("POST", path, {"values": {"phone": ANN}}))[0] == 404


async def test_cards_that_are_kept_elsewhere_are_not_here(deployment, sql_url):
    systems = {"sales": {"adapter": "hubspot", "credential": {"kind": "bearer", "token": "a token"}}}
    environment = {"SMART_ROUTING_SQL_URL": sql_url, "SMART_ROUTING_CRM_SYSTEMS": json.dumps(systems), **STAFF}
    async with serving_office(deployment, [office.mount], **environment) as clients:
        program = clients(TOKEN)
        listed = [collection["name"] for collection in (await program.call("GET", "/api/crm"))[1]["collections"]]
        assert listed == ["Contacts", "members", "partners"]
        assert (await program.call("GET", LEADS))[0] == 404


async def test_cards_are_for_those_who_have_the_role_and_mean_it(clients):
    cora, dora, nobody = clients(), clients(), clients()
    await cora.sign_in("cora")
    await dora.sign_in("dora")
    for path in ("/api/crm", CONTACTS, f"{CONTACTS}.csv", LEADS):
        assert (await cora.call("GET", path))[0] == 200
        assert (await dora.call("GET", path))[0] == 403
        assert (await nobody.call("GET", path))[0] == 401
    assert (await dora.call("POST", CONTACTS, {"values": {"phone": ANN}}))[0] == 403
    assert (await cora.call("POST", CONTACTS, {"values": {"phone": ANN}}))[0] == 201
    cora.csrf = "guessed"
    for method, path in (("POST", CONTACTS), ("PATCH", f"{CONTACTS}/1"), ("DELETE", f"{CONTACTS}/1"), ("POST", f"{CONTACTS}.csv")):
        assert (await cora.call(method, path, {"values": {"phone": BOB}}, **{"If-Match": "*"}))[0] == 403
