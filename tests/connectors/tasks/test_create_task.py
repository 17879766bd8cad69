"""The tasks family's command on SQLite and on PostgreSQL."""

import asyncio

import pytest

from connectors.framework.settings import SettingsError
from connectors.tasks.settings import TasksSettings
from tests.connectors.tasks.task_bench import ISSUED, tasks


async def test_a_task_is_kept_with_all_that_is_known_of_it(sql_url):
    async with tasks(sql_url) as bench:
        dates = {"start_date": "2026-03-01T10:00:00+01:00", "end_date": "2026-03-02T10:00:00+01:00"}
        outcome, reason, values = await bench.create("1", **dates)
        assert (outcome, reason, list(values)) == ("ok", None, ["id"])
        (row,) = await bench.rows()
        assert (row.id, row.name, row.category, row.kind) == (values["id"], "Call Ann back", "call_back", "standard")
        assert (row.start_date, row.end_date) == (dates["start_date"], dates["end_date"])
        assert row.end_at - row.start_at == 86_400_000
        assert (row.created_at, row.created_by, row.address, row.interaction_id) == (ISSUED, "main 7", "+33612345678", "c1-1")


async def test_the_same_command_twice_makes_one_task(sql_url):
    async with tasks(sql_url) as one, tasks(sql_url) as other:
        made = await asyncio.gather(one.create("1"), other.create("1"))
        assert made[0] == made[1] == await one.create("1")
        assert len(await one.rows()) == 1
        assert (await one.create("2"))[2] != made[0][2]


async def test_categories_are_those_that_are_configured(sql_url):
    async with tasks(sql_url, SMART_ROUTING_TASKS_CATEGORIES="call_back, complaint") as bench:
        assert (await bench.create("1"))[0] == "ok"
        assert await bench.create("2", category="coffee") == ("error", "unknown_category", {})
        assert len(await bench.rows()) == 1


async def test_what_cannot_be_a_task_is_refused(sql_url):
    async with tasks(sql_url) as bench:
        for number, body in enumerate(
            (
                {"name": " "},
                {"name": "a\0b"},
                {"kind": "jira"},
                {"kind": "salesforce"},  # and none is configured
                {"start_date": "tomorrow"},
                {"end_date": "2026-03-02T10:00:00"},
                {"start_date": "2026-03-02T10:00:00+01:00", "end_date": "2026-03-02T09:30:00+01:00"},
            )
        ):
            assert await bench.create(f"{number}", **body) == ("error", "refused", {}), body
        assert await bench.rows() == []
        evil = "'); DROP TABLE tasks_task; --"
        assert (await bench.create(evil, name=evil, category=evil))[0] == "ok"
        assert [(row.name, row.category) for row in await bench.rows()] == [(evil, evil)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{url: ftp://x, client_id: k, client_secret: s}", "expected a URL"),
        ("{url: https://x.example, client_id: k}", "either client_secret, or username and private_key"),
        ("{url: https://x.example, client_id: k, client_secret: s, username: u, private_key: p}", "either client_secret"),
        ("{url: https://x.example, client_id: k, username: u}", "either client_secret"),
        ("{url: https://x.example, client_id: k, client_secret: s, external_id_field: 'a/b'}", "external_id_field"),
        ("{url: https://x.example, client_id: k, client_secret: s, fields: {Subject: colour}}", "fields"),
        ("{url: https://x.example, client_id: k, client_secret: very secret, api_version: latest}", "api_version"),
        ("[", "expected YAML"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_without_its_secrets(text, said):
    with pytest.raises(SettingsError) as refused:
        TasksSettings.from_environment({"SMART_ROUTING_TASKS_SALESFORCE": text})
    assert "SMART_ROUTING_TASKS_SALESFORCE" in str(refused.value)
    assert said in str(refused.value)
    assert "very secret" not in str(refused.value)
