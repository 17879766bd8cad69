"""FindCard and CreateCard, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from connectors.records.records import Records
from tests.connectors.crm.card_bench import ANN, BOB, CONTACTS, FIELDS, cards
from tests.connectors.record_bench import publish

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def contacts(kept_here):
    return kept_here


async def test_a_card_is_created_and_found(contacts):
    outcome, reason, created = await contacts.create(phone=ANN, name="Ann", bill="1450.50", car="true")
    assert (outcome, reason) == ("ok", None)
    assert created == {"id": "1", "phone": ANN, "name": "Ann", "bill": "1450.5", "car": "true"}
    assert await contacts.card_of() is None  # it was not asked for
    assert await contacts.find(("phone", ANN)) == ("one", None, created)
    assert await contacts.card_of() == ("crm", "", "1")


async def test_none_and_several_leave_the_interaction_where_it_belongs(contacts):
    await contacts.create(phone=ANN, name="Ann", associate=True)
    assert await contacts.card_of() == ("crm", "", "1")
    await contacts.create(phone=BOB, name="Ann")
    assert await contacts.find(("name", "Ann")) == ("several", None, {})
    assert await contacts.find(("name", "Bob")) == ("none", None, {})
    assert await contacts.card_of() == ("crm", "", "1")
    assert (await contacts.find(("phone", BOB)))[2]["id"] == "2"
    assert await contacts.card_of() == ("crm", "", "2")


async def test_all_and_any_compared_exactly(contacts):
    await contacts.create(phone=ANN, name="Ann", mail="ann@example.org")
    await contacts.create(phone=BOB, name="Bob", mail="ann@example.org", bill="7")
    assert (await contacts.find(("mail", "ann@example.org"), ("name", "Bob")))[2]["id"] == "2"
    assert (await contacts.find(("name", "Carl"), ("bill", "7.00"), combination="any"))[2]["id"] == "2"
    assert (await contacts.find(("name", "Ann"), ("name", "Bob"), combination="any"))[0] == "several"
    assert (await contacts.find(("name", "Ann"), ("name", "Bob")))[0] == "none"
    for name in ("ann", "ANN", "Ann ", "An%", "Ánn"):
        assert (await contacts.find(("name", name)))[0] == "none"


async def test_a_card_is_created_where_there_is_none(contacts):
    assert await contacts.find(("phone", ANN), ("name", "Ann"), create=True) == ("created", None, {"id": "1", "phone": ANN, "name": "Ann"})
    assert await contacts.card_of() == ("crm", "", "1")
    assert (await contacts.find(("phone", ANN), ("name", "Ann"), create=True, interaction_id="c2-1"))[0] == "one"
    assert await contacts.card_of("c2-1") == ("crm", "", "1")
    await contacts.create(phone=ANN, name="Ann")
    assert (await contacts.find(("phone", ANN), ("name", "Ann"), create=True))[0] == "several"
    assert await contacts.count() == 2


async def test_of_many_at_the_same_time_one_creates_and_the_others_find(shared, sql_url):
    async with cards(shared, sql_url) as one, cards(shared, sql_url) as other:
        searches = [(one, other)[number % 2].find(("phone", ANN), create=True, interaction_id=f"i{number}") for number in range(30)]
        answers = await asyncio.gather(*searches)
        assert sorted(outcome for outcome, _, _ in answers) == ["created"] + ["one"] * 29
        assert {found["id"] for _, _, found in answers} == {"1"}
        assert await one.count() == 1
        assert {await one.card_of(f"i{number}") for number in range(30)} == {("crm", "", "1")}


async def test_cards_of_many_customers_are_created_at_the_same_time(shared, sql_url):
    async with cards(shared, sql_url) as one, cards(shared, sql_url) as other:
        numbers = [f"+336123456{number:02d}" for number in range(20)] * 2
        searches = [(one, other)[index % 2].find(("phone", number), create=True) for index, number in enumerate(numbers)]
        answers = await asyncio.gather(*searches)
        assert sorted(outcome for outcome, _, _ in answers) == ["created"] * 20 + ["one"] * 20
        assert await one.count() == 20


async def test_two_that_both_find_keys_to_be_made_do_not_wait_for_each_other(shared, postgresql_url, monkeypatch):
    is_current, both, asked = Records.is_current, asyncio.Barrier(2), set()

    async def another_is_quicker(self, connection, collection):
        if connection in asked:
            return await is_current(self, connection, collection)
        asked.add(connection)
        await both.wait()
        return False

    async with cards(shared, postgresql_url) as one, cards(shared, postgresql_url) as other:
        await one.create(phone=BOB)
        monkeypatch.setattr(Records, "is_current", another_is_quicker)
        answers = await asyncio.gather(*(bench.find(("phone", ANN), create=True) for bench in (one, other)))
        assert sorted(outcome for outcome, _, _ in answers) == ["created", "one"]


async def test_two_whose_keys_were_made_by_another_definition_meanwhile_do_not_wait_for_each_other(own, postgresql_url, monkeypatch):
    is_current, known, both = Records.is_current, Records._known, asyncio.Barrier(2)

    async def was_current(self, connection, collection):
        return await is_current(self, connection, collection) or True

    async def held_by_both(self, connection, collection, lock=None):
        found = await known(self, connection, collection, lock)
        if lock == "beside":
            await both.wait()
        return found

    async with cards(own, postgresql_url) as one, cards(own, postgresql_url) as other:
        await one.create(phone=BOB)
        publish(own, "contacts", {**CONTACTS, "fields": {**FIELDS, "bill": {"type": "text"}}}, "contacts-id")
        for bench in (one, other):
            await bench.commands.connector._definitions.catch_up()
        with monkeypatch.context() as patched:
            patched.setattr(Records, "is_current", was_current)
            patched.setattr(Records, "_known", held_by_both)
            answers = await asyncio.gather(*(bench.create(phone=ANN) for bench in (one, other)))
        assert [answer[:2] for answer in answers] == [("error", "unreachable")] * 2  # each to be tried again
        assert (await one.create(phone=ANN))[0] == "ok"


async def test_the_same_command_twice_is_one_card(contacts):
    first = await contacts.find(("phone", ANN), create=True, command_id="c1-1-1")
    assert await contacts.find(("phone", ANN), create=True, command_id="c1-1-1") == first
    assert first[0] == "created"
    second = await contacts.create(phone=BOB, command_id="c1-2-1")
    assert await contacts.create(phone=BOB, command_id="c1-2-1") == second
    assert await contacts.count() == 2


async def test_a_field_that_is_not_declared(contacts):
    assert (await contacts.find(("colour", "red")))[:2] == ("error", "unknown_field")
    assert (await contacts.create(phone=ANN, colour="red"))[:2] == ("error", "unknown_field")
    assert await contacts.count() == 0


@pytest.mark.parametrize(("field", "value"), [("phone", "12"), ("mail", "nobody"), ("level", "bronze"), ("bill", "much"), ("name", "a\0b")])
async def test_a_value_of_another_type(contacts, field, value):
    assert (await contacts.find((field, value)))[:2] == ("error", "wrong_type")
    assert (await contacts.create(**{"phone": ANN, field: value}))[:2] == ("error", "wrong_type")
    assert await contacts.count() == 0


async def test_a_required_field_must_have_a_value(contacts):
    assert (await contacts.create(name="Ann"))[:2] == ("error", "missing_field")
    assert (await contacts.find(("name", "Ann"), create=True))[:2] == ("error", "refused")
    assert await contacts.count() == 0


async def test_no_two_cards_have_the_value_of_a_unique_field(contacts):
    assert (await contacts.create("members", number="7", name="Ann"))[0] == "ok"
    assert (await contacts.create("members", number="7.0", name="Bob"))[:2] == ("error", "duplicate")
    assert (await contacts.create("members", number="8", mail="ann@example.org"))[0] == "ok"
    assert (await contacts.create("members", number="9", mail="ann@example.org"))[:2] == ("error", "duplicate")
    assert (await contacts.find(("number", "7"), ("name", "Bob"), crm="members", create=True))[:2] == ("error", "refused")
    assert await contacts.count() == 2


async def test_unique_values_at_the_same_time(shared, sql_url):
    async with cards(shared, sql_url) as one, cards(shared, sql_url) as other:
        answers = await asyncio.gather(*((one, other)[number % 2].create("members", number="7", name=f"n{number}") for number in range(20)))
        assert sorted(reason or outcome for outcome, reason, _ in answers) == ["duplicate"] * 19 + ["ok"]
        assert await one.count() == 1


async def test_directories_know_nothing_of_each_other(contacts):
    await contacts.create(phone=ANN)
    assert (await contacts.find(("phone", ANN), crm="partners"))[0] == "none"


async def test_where_an_integration_keeps_the_cards_a_search_creates_none(contacts):
    assert (await contacts.find(("phone", ANN), crm="partners", create=True))[:2] == ("error", "refused")
    assert (await contacts.create("partners", phone=ANN))[0] == "ok"
    assert (await contacts.find(("phone", ANN), crm="partners"))[0] == "one"


@pytest.mark.parametrize(
    ("assertions", "more"),
    [
        ((), {}), ((("name", ""),), {}), ((("name", "Ann"),), {"combination": "most"}), ((("name", "Ann"),), {"crm": "nowhere"}),
        ((("phone", ANN), ("phone", BOB)), {"create": True}), ((("phone", ANN),), {"create": True, "combination": "any"}),
    ],
)  # fmt: skip
async def test_a_command_without_sense_is_refused(contacts, assertions, more):
    assert (await contacts.find(*assertions, **more))[:2] == ("error", "refused")
    assert await contacts.count() == 0


async def test_a_creation_without_sense_is_refused(contacts):
    assert (await contacts.create())[:2] == ("error", "refused")
    assert (await contacts.create("nowhere", phone=ANN))[:2] == ("error", "refused")


async def test_fields_come_and_go(own, sql_url):
    async with cards(own, sql_url) as contacts:
        await contacts.create(phone=ANN, name="Ann")
        gone = {**CONTACTS, "fields": {"phone": {"type": "phone"}, "city": {}}}
        publish(own, "contacts", gone, "contacts-id")
        await contacts.commands.connector._definitions.catch_up()
        assert await contacts.find(("phone", ANN)) == ("one", None, {"id": "1", "phone": ANN})
        assert (await contacts.find(("name", "Ann")))[:2] == ("error", "unknown_field")


@pytest.mark.parametrize("attack", ["'; DROP TABLE crm_records; --", "' OR '1'='1", '"; --', "%", "{{ crm }}", "<script>alert(1)</script>"])
async def test_sql_in_every_field(contacts, attack):
    await contacts.create(phone=ANN, name="Ann")
    assert (await contacts.find(("name", attack)))[0] == "none"
    assert (await contacts.find((attack, "Ann")))[:2] == ("error", "unknown_field")
    assert (await contacts.find(("name", "Ann"), crm=attack))[:2] == ("error", "refused")
    assert (await contacts.find(("name", "Ann"), interaction_id=attack, conversation_id=attack))[0] == "one"
    assert (await contacts.create(phone=BOB, name=attack))[2]["name"] == attack
    assert (await contacts.find(("name", attack)))[2] == {"id": "2", "phone": BOB, "name": attack}
    assert (await contacts.scenario(("name", attack)))[0] == "none"
    assert (await contacts.scenario(("name", "Ann"), object_=attack))[:2] == ("error", "refused")
    assert await contacts.count() == 2
