"""Every outcome of the cases family's commands, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from tests.connectors.cases.case_bench import commands
from tests.connectors.test_definitions import Publisher

DAY_MS = 86_400_000
TOMORROW = 1_780_000_000_000 + DAY_MS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_case_is_opened_and_is_the_interactions(cases):
    outcome, reason, values = await cases.create("1")
    assert (outcome, reason) == ("ok", None)
    identity = values.pop("id")
    assert identity
    assert values == {"reference": "C-2026-000001", "title": "A rucksack", "type": "complaint", "status": "new"}
    assert await cases.linked() == "C-2026-000001"


async def test_the_same_command_twice_opens_one_case(cases):
    assert await cases.create("1") == await cases.create("1")
    assert await cases.count("cases_case") == await cases.count("cases_link") == 1
    assert (await cases.modify("2", "C-2026-000001", {"refund": "5"}))[0] == "ok"
    assert (await cases.modify("3", "C-2026-000001", {"refund": "6"}))[0] == "ok"
    assert (await cases.modify("2", "C-2026-000001", {"refund": "5"}))[2]["refund"] == "5"
    async with cases.database.reading() as connection:
        kept = (await connection.exec_driver_sql("SELECT fields FROM cases_case")).scalar()
    assert kept == '{"refund":"6"}'  # what was done since stays


async def test_references_are_unique_however_many_connectors_open_cases_at_once(types, sql_url):
    async with commands(types, sql_url) as one, commands(types, sql_url) as other:
        made = await asyncio.gather(*((one, other)[number % 2].create(f"{number}", interaction=f"i{number}") for number in range(30)))
        assert sorted(values["reference"] for _, _, values in made) == [f"C-2026-{number:06d}" for number in range(1, 31)]


async def test_references_count_anew_each_year_and_begin_as_configured(types, sql_url):
    async with commands(types, sql_url, SMART_ROUTING_CASES_REFERENCE_PREFIX="FA") as cases:
        made = [(await cases.create(f"{number}", issued_at=at))[2]["reference"] for number, at in enumerate((0, 1, 1_800_000_000_000))]
        assert made == ["FA-1970-000001", "FA-1970-000002", "FA-2027-000001"]


async def test_a_type_that_is_not_there_is_not_found(own_types, sql_url):
    async with commands(own_types, sql_url) as cases:
        assert await cases.create("1", "no such type") == ("not_found", "reference_not_found", {})
        Publisher(own_types).put("case_type", "late", "late")
        assert (await cases.create("2", "late"))[0] == "ok"
        assert (await cases.associate("3"))[2]["status"] == "open"
        Publisher(own_types).put("case_type", "late", "late", status="deleted")
        await cases.connector._definitions.catch_up()
        assert (await cases.create("4", "late"))[:2] == ("not_found", "reference_not_found")
        assert (await cases.create("2", "late"))[0] == "ok"  # what was done is answered from its record


async def test_a_title_that_cannot_be_kept_is_refused(cases):
    for number, title in enumerate(("a\0b", " ")):
        assert (await cases.create(f"{number}", title=title))[:2] == ("error", "refused")
    assert await cases.count("cases_case") == await cases.count("cases_counter") == 0


async def test_a_case_is_found_by_its_reference_exactly(cases):
    await cases.create("1")
    outcome, _, values = await cases.associate("2", "C-2026-000001", interaction="other", address="ben")
    assert (outcome, values["reference"], values["status"]) == ("ok", "C-2026-000001", "new")
    assert await cases.linked("other") == "C-2026-000001"
    for number, reference in enumerate(("C-2026-000002", "", "%", "' OR 1=1 --", "c-2026-000001", "a\0b", "x" * 5_000)):
        assert await cases.associate(f"n{number}", reference, interaction="other") == ("not_found", "no_case", {})
    assert await cases.linked("other") == "C-2026-000001"  # the interaction keeps the case that it had


async def test_a_reference_of_somebody_elses_case_leads_nowhere_where_that_is_configured(types, sql_url):
    async with commands(types, sql_url, SMART_ROUTING_CASES_OWN_CASES_ONLY="true") as cases:
        await cases.create("1")
        assert await cases.associate("2", "C-2026-000001", address="ben") == ("not_found", "no_case", {})
        assert await cases.modify("3", "C-2026-000001", {"refund": "1"}, address="ben") == ("not_found", "no_case", {})
        assert (await cases.associate("4", "C-2026-000001"))[0] == "ok"


async def test_without_a_reference_the_newest_case_of_the_customer_is_taken(cases):
    assert await cases.associate("0") == ("not_found", "no_case", {})
    await cases.create("1", title="newest", issued_at=TOMORROW + 1)
    for number in range(4):  # opened later, but older by the time that counts
        await cases.create(f"old{number}", title="old", issued_at=TOMORROW - number)
    await cases.create("2", title="another customer's", address="ben", issued_at=TOMORROW + 2)
    await cases.create("3", title="on another account", account="other", issued_at=TOMORROW + 3)
    await cases.create("4", title="on another channel", channel="sms", issued_at=TOMORROW + 4)
    assert (await cases.associate("5"))[2]["title"] == "newest"


async def test_association_and_dissociation_replace_what_was_there(cases):
    await cases.create("1")
    await cases.create("2")
    assert await cases.linked() == "C-2026-000002"
    await cases.associate("3", "C-2026-000001")
    assert await cases.linked() == "C-2026-000001"
    assert await cases.dissociate("4") == ("ok", None, {})
    assert await cases.linked() is None
    assert await cases.dissociate("5") == ("ok", None, {})
    assert await cases.count("cases_link") == 0


async def test_fields_are_changed_as_the_case_declares_them(cases):
    given = {
        "status": "answered",
        "title": "Another title",
        "refund": "012.50",
        "flown_on": "20260301",
        "called_at": "2026-03-01T10:00:00Z",
        "mail": "ann@EXAMPLE.org",
        "mobile": "+33 6 12 34 56 78",
        "photo": "https://example.org/a.png",
        "urgent": "TRUE",
        "story": "<script>alert(1)</script>\n'; DROP TABLE cases_case; --",
        "topic": "luggage",
    }
    await cases.create("1")
    outcome, _, values = await cases.modify("2", "C-2026-000001", given)
    assert outcome == "ok"
    assert values == {
        **given,
        "reference": "C-2026-000001",
        "refund": "12.5",
        "flown_on": "2026-03-01",
        "called_at": "2026-03-01T10:00:00+00:00",
        "mail": "ann@example.org",
        "mobile": "+33612345678",
        "urgent": "true",
    }
    found = (await cases.associate("3", "C-2026-000001"))[2]
    assert {name: found[name] for name in values} == values
    assert await cases.linked() == "C-2026-000001"


async def test_an_empty_value_clears_a_field_and_is_told(cases):
    await cases.create("1")
    await cases.modify("2", "C-2026-000001", {"refund": "5", "topic": "delay"})
    values = (await cases.modify("3", "C-2026-000001", {"refund": " ", "title": ""}))[2]
    assert (values["refund"], values["topic"], values["title"], values["mail"]) == ("", "delay", "", "")
    assert "refund" not in (await cases.associate("4", "C-2026-000001"))[2]


UNFIT: tuple[tuple[dict[str, str], str], ...] = (
    ({"refund": "5", "colour": "red"}, "unknown_field"),
    ({"refund": "5", "id": "x"}, "unknown_field"),
    ({"refund": "5", "type": "order"}, "unknown_field"),
    ({"refund": "5", "flown_on": "yesterday"}, "wrong_type"),
    ({"refund": "5", "topic": "colour"}, "wrong_type"),
    ({"refund": "5", "status": "closed"}, "wrong_type"),
    ({"refund": "5", "story": "a\0b"}, "wrong_type"),
    ({"refund": "a lot"}, "wrong_type"),
    ({}, "refused"),
)


async def test_all_fields_are_changed_or_none(cases):
    await cases.create("1")
    for number, (values, reason) in enumerate(UNFIT):
        assert await cases.modify(f"m{number}", "C-2026-000001", values) == ("error", reason, {}), values
    assert "refund" not in (await cases.associate("3", "C-2026-000001"))[2]
    assert await cases.count("cases_history") == 2  # opened, associated


async def test_a_required_field_is_filled_in_later_and_cannot_be_cleared_again(cases):
    assert (await cases.create("1", "order"))[0] == "ok"
    assert (await cases.modify("2", "C-2026-000001", {"number": "17"}))[2]["number"] == "17"
    assert await cases.modify("3", "C-2026-000001", {"number": ""}) == ("error", "wrong_type", {})


async def test_a_case_that_is_not_there_cannot_be_modified(cases):
    assert await cases.modify("1", "C-2026-000001", {"title": "x"}) == ("not_found", "no_case", {})


async def test_of_a_case_whose_type_is_gone_only_title_and_status_can_be_changed(own_types, sql_url):
    async with commands(own_types, sql_url) as cases:
        await cases.create("1")
        await cases.modify("2", "C-2026-000001", {"refund": "5"})
        Publisher(own_types).put("case_type", "complaint", "complaint", status="deleted")
        await cases.connector._definitions.catch_up()
        assert await cases.modify("3", "C-2026-000001", {"refund": "6"}) == ("error", "unknown_field", {})
        values = (await cases.modify("4", "C-2026-000001", {"status": "over"}))[2]
        assert values == {"reference": "C-2026-000001", "title": "A rucksack", "status": "over", "refund": "5"}


async def test_the_history_tells_who_did_what(cases):
    await cases.create("1")
    await cases.modify("2", "C-2026-000001", {"refund": "5"}, issued_at=TOMORROW)
    await cases.modify("3", "C-2026-000001", {"refund": "5.0"}, issued_at=TOMORROW)  # no change
    await cases.dissociate("4")
    async with cases.database.reading() as connection:
        rows = (await connection.exec_driver_sql("SELECT did, who, name, at, about FROM cases_history ORDER BY id")).all()
    assert [row.did for row in rows] == ["opened", "associated", "changed", "dissociated"]
    assert {(row.who, row.name) for row in rows} == {("flow", "main 7")}
    assert (rows[2].at, rows[2].about) == (TOMORROW, '{"changes": {"refund": ["", "5"]}}')


async def test_a_store_that_is_away_is_tried_again(types, postgresql_url, postgresql):
    async with commands(types, postgresql_url) as cases:
        await cases.create("1")
        postgresql.shut(postgresql_url)
        assert (await cases.create("2"))[:2] == ("error", "unreachable")
        postgresql.reopen(postgresql_url)
        assert (await cases.create("2"))[2]["reference"] == "C-2026-000002"
