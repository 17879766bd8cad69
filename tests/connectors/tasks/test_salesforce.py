"""Tasks in Salesforce: a server on loopback answers as its documentation says, and worse."""

import asyncio

import pytest
from aiohttp import web
from joserfc.jwk import RSAKey

from connectors.framework.errors import Refused
from tests.connectors.command_bench import QUICK
from tests.connectors.local_http import serving, speaking
from tests.connectors.tasks.salesforce_server import CLIENT, USER, error, never, salesforce
from tests.connectors.tasks.task_bench import configured, tasks

THERE = {"kind": "salesforce"}


async def test_a_task_is_made_there_and_its_id_is_told(sql_url):
    async with salesforce() as server, tasks(sql_url, **configured(server)) as bench:
        outcome, _, values = await bench.create("c1-1-1", **THERE, end_date="2026-03-02T23:30:00+01:00")
        assert outcome == "ok"
        (made,) = server.tasks.values()
        assert made == {"Id": values["salesforce_id"], "Subject": "Call Ann back", "ActivityDate": "2026-03-02", "Description": "call_back"}
        assert [(row.id, row.salesforce_id) for row in await bench.rows()] == [(values["id"], values["salesforce_id"])]
        assert server.requests == ["PATCH /services/data/v62.0/sobjects/Task/Smart_Routing_Command__c/c1-1-1"]


async def test_the_same_command_twice_makes_one_task_and_does_not_undo_what_was_done_there(sql_url):
    async with salesforce() as server, tasks(sql_url, **configured(server)) as bench:
        first = await bench.create("1", **THERE)
        server.tasks["1"]["Subject"] = "done by somebody there"
        assert await bench.create("1", **THERE) == first
        assert server.tasks["1"]["Subject"] == "done by somebody there"
        assert len(server.requests) == 1


async def test_an_answer_that_is_lost_is_found_again_by_the_commands_id(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server, timeout_seconds=0.3)) as bench:
        server.after_work = [never, web.Response(status=502, text="<html>Bad gateway</html>")]
        for _ in range(2):
            assert (await bench.tries_again("1", **THERE)).reason == "unreachable"
        outcome, _, values = await bench.create("1", **THERE)
        assert (outcome, values["salesforce_id"]) == ("ok", server.tasks["1"]["Id"])
        assert len(server.tasks) == len(await bench.rows()) == 1


async def test_versions_before_46_say_nothing_of_a_task_that_is_there_and_are_asked(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server, api_version="v45.0")) as bench:
        server.version = 45
        server.after_work = [web.Response(status=500)]
        await bench.tries_again("a/b?c", **THERE)
        assert (await bench.create("a/b?c", **THERE))[2]["salesforce_id"] == server.tasks["a/b?c"]["Id"]
        assert server.requests[-1] == "GET /services/data/v45.0/sobjects/Task/Smart_Routing_Command__c/a%2Fb%3Fc?fields=Id"


async def test_fields_owner_and_constants_are_as_configured(sqlite_url):
    chosen = {
        "owner_id": "00GAA0000012345",
        "fields": {"Subject": "name", "Type": "category", "ReminderDateTime": "start_date", "Description": "address"},
        "constants": {"Priority": "High"},
    }
    async with salesforce() as server, tasks(sqlite_url, **configured(server, **chosen)) as bench:
        assert (await bench.create("1", **THERE, start_date="2026-03-02T10:00:00+01:00"))[0] == "ok"
        made = server.tasks["1"]
        assert {**made, "Id": ""} == {
            "Id": "",
            "Subject": "Call Ann back",
            "Type": "call_back",
            "ReminderDateTime": "2026-03-02T10:00:00+01:00",
            "Description": "+33612345678",
            "Priority": "High",
            "OwnerId": "00GAA0000012345",
        }


async def test_a_session_that_is_over_is_replaced_once(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server)) as bench:
        assert (await bench.create("1", **THERE))[0] == "ok"
        server.tokens.clear()
        made = await asyncio.gather(*(bench.create(f"{number}", **THERE) for number in range(2, 12)))
        assert {outcome for outcome, _, _ in made} == {"ok"}
        assert len(server.token_requests) == 2  # one for all who found the old one refused
        server.next_answers = [error(401, "INVALID_SESSION_ID", "Session expired or invalid") for _ in range(2)]
        assert await bench.create("12", **THERE) == ("error", "refused", {})
        assert len(server.token_requests) == 3


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (400, "UNABLE_TO_LOCK_ROW"),
        (503, "SERVER_UNAVAILABLE"),
        (500, "UNKNOWN_EXCEPTION"),
        (400, "REQUEST_RUNNING_TOO_LONG"),
    ],
)
async def test_what_passes_is_tried_again(sqlite_url, status, code):
    async with salesforce() as server, tasks(sqlite_url, **configured(server)) as bench:
        server.next_answers = [error(status, code, "a message that may quote the customer")]
        retry = await bench.tries_again("1", **THERE)
        assert (retry.reason, retry.after) == ("unreachable", None)
        assert retry.detail == f"Salesforce cannot make the task at the moment: HTTP {status} {code}."
        assert (await bench.create("1", **THERE))[0] == "ok"


async def test_a_pause_that_is_asked_for_is_kept(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server)) as bench:
        server.next_answers = [web.Response(status=503, headers={"Retry-After": "7"})]
        assert (await bench.tries_again("1", **THERE)).after == 7


async def test_what_is_wrong_with_a_task_is_refused_and_told_without_its_content(sqlite_url):
    async with salesforce() as server:
        async with tasks(sqlite_url, **configured(server)) as bench:
            for number, (body, said) in enumerate((({"name": "x" * 256}, "HTTP 400 STRING_TOO_LONG (Subject)"),)):
                with pytest.raises(Refused, match="refused") as refused:
                    await bench.create_once(f"{number}", **THERE, **body)
                assert refused.value.detail == f"Salesforce refuses the task: {said}."
        for chosen, said in (
            ({"fields": {"Colour__c": "category"}}, "HTTP 400 INVALID_FIELD"),
            ({"fields": {"Priority": "category"}}, "HTTP 400 REQUIRED_FIELD_MISSING (Subject)"),
            ({"external_id_field": "Other__c"}, "HTTP 404 NOT_FOUND"),
        ):
            async with tasks(sqlite_url, **configured(server, **chosen)) as bench:
                with pytest.raises(Refused, match="refused") as refused:
                    await bench.create_once("1", **THERE)
                assert refused.value.detail == f"Salesforce refuses the task: {said}."
        assert server.tasks == {}


async def test_an_external_id_that_several_tasks_have_is_refused(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server)) as bench:
        server.tasks["1"] = {"Id": "00T000000000000AAA"}
        server.copies = 1
        assert await bench.create("1", **THERE) == ("error", "refused", {})


async def test_a_client_that_salesforce_does_not_know_is_refused(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, **configured(server, client_secret="another")) as bench:
        with pytest.raises(Refused, match="HTTP 400 invalid_client") as refused:
            await bench.create_once("1", **THERE)
        assert refused.value.reason == "refused"
        assert server.requests == []


async def test_signing_in_with_an_assertion(sqlite_url):
    key, other = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
    pem, other_pem = (one.as_pem(private=True).decode() for one in (key, other))
    by_jwt = {"client_secret": None, "username": USER}
    async with salesforce(key) as server:
        async with tasks(sqlite_url, **configured(server, **by_jwt, private_key=pem)) as bench:
            assert (await bench.create("1", **THERE))[0] == "ok"
            assert "client_secret" not in server.token_requests[0]
        for wrong, said in ((other_pem, "HTTP 400 invalid_grant"), ("no key", "no RSA key in PEM")):
            async with tasks(sqlite_url, **configured(server, **by_jwt, private_key=wrong)) as bench:
                with pytest.raises(Refused, match=said):
                    await bench.create_once("2", **THERE)


@pytest.mark.parametrize(
    "nonsense",
    [
        web.Response(text="<html>Welcome</html>"),
        web.json_response({"success": True}, status=201),
        web.json_response({"id": "../../x", "success": True}, status=201),
        web.json_response(["00T000000000000AAA"]),
        web.Response(body=b"\xff\xfe", content_type="application/json"),
        web.Response(body=b"[" * 300_000),
    ],
    ids=["html", "no id", "no such id", "a list", "no text", "too large"],
)
async def test_an_answer_that_holds_no_id_is_no_success(sqlite_url, nonsense):
    async with salesforce() as server, tasks(sqlite_url, **configured(server)) as bench:
        server.next_answers = [nonsense]
        assert (await bench.tries_again("1", **THERE)).reason == "unreachable"
        assert await bench.rows() == []


async def test_a_token_that_is_none_is_not_used(sqlite_url):
    async def handle(request):
        return web.json_response({"access_token": "a\r\nX-Evil: 1", "instance_url": "file:///etc"})

    async with serving(handle) as port:
        setting = f"{{url: 'http://127.0.0.1:{port}', client_id: {CLIENT}, client_secret: s}}"
        async with tasks(sqlite_url, SMART_ROUTING_TASKS_SALESFORCE=setting) as bench:
            assert (await bench.tries_again("1", **THERE)).reason == "unreachable"


async def test_a_server_that_is_down_or_speaks_something_else(sqlite_url):
    async def other(_reader, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.7\r\n")
        await writer.drain()

    async with speaking(other) as port:
        setting = f"{{url: 'http://127.0.0.1:{port}', client_id: k, client_secret: s}}"
        async with tasks(sqlite_url, SMART_ROUTING_TASKS_SALESFORCE=setting) as bench:
            assert await bench.create("1", **THERE) == ("error", "refused", {})
    async with tasks(sqlite_url, SMART_ROUTING_TASKS_SALESFORCE=setting) as bench:
        assert (await bench.tries_again("1", **THERE)).reason == "unreachable"


async def test_an_address_within_is_not_called_unless_it_is_allowed(sqlite_url):
    async with salesforce() as server, tasks(sqlite_url, QUICK, **configured(server)) as bench:
        assert await bench.create("1", **THERE) == ("error", "refused", {})
        assert server.token_requests == []
