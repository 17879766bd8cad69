"""E-mails are sent once, to those who have not got them."""

import asyncio
from functools import partial
from itertools import product

import pytest
from sqlalchemy import select, update

from connectors.email.tables import outgoing_interaction, sending
from connectors.framework.errors import Retry, StoreAway
from tests.connectors.command_bench import in_seconds
from tests.connectors.email.sending_bench import ANN, BEN, CAT, command, connector, context, send
from tests.connectors.local_http import speaking
from tests.connectors.mail_server import dialogue, mail_server


def got(server):
    return [received.recipients for received in server.received]


async def rows(made, table):
    async with made._database.reading() as connection:
        return [row._asdict() for row in await connection.execute(select(table))]


async def test_all_recipients_get_it_and_nobody_sees_a_blind_copy(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        body = command(to=[ANN], cc=[BEN], bcc=[CAT], html="<p>Thank you.</p>")
        assert await send(made, body) == ("ok", None)
    assert got(server) == [[ANN, BEN, CAT]]
    assert b"cat@example.org" not in server.received[0].content
    assert server.received[0].message["Message-Id"] == "<c1-1-1@example.org>"


async def test_the_same_command_is_sent_once(sql_url):
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        assert [await send(made, command()) for _ in range(3)] == [("ok", None)] * 3
        assert await send(made, command(), context("c1-1-2")) == ("ok", None)
    assert len(server.received) == 2


@pytest.mark.parametrize("mailbox", ["other", None])
async def test_no_such_mailbox(sqlite_url, mailbox):
    async with connector(sqlite_url, shop={"host": "127.0.0.1", "sender": "a@example.org"}) as made:
        assert await send(made, command(mailbox=mailbox)) == ("reference_not_found", None)


async def test_the_default_mailbox_sends_where_none_is_named(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, "shop", shop=server.mailbox()) as made:
        assert await send(made, command(mailbox=None)) == ("ok", None)
    assert len(server.received) == 1


async def test_some_are_refused(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        server.refuses = {BEN: "550 no such user"}
        assert await send(made, command(to=[ANN, BEN])) == ("partially_sent", "refused")
    assert got(server) == [[ANN]]


async def test_all_are_refused(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        server.refuses = {ANN: "550 no", BEN: "553 no"}
        assert await send(made, command(to=[ANN], bcc=[BEN])) == ("error", "refused")
    assert got(server) == []


async def test_who_is_named_twice_in_two_ways_gets_it_once(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        body = command(to=["ann@bücher.example"], cc=["ann@xn--bcher-kva.example"])
        assert await send(made, body) == ("ok", None)
    assert got(server) == [["ann@xn--bcher-kva.example"]]


async def test_what_the_engine_left_out_does_not_count_again(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        assert await send(made, command(refused=2)) == ("ok", None)


async def test_no_recipient_at_all_is_an_error(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        assert await send(made, command(to=["no address"])) == ("error", "refused")
    assert got(server) == []


async def test_an_address_with_a_second_line_is_refused_and_the_others_get_it(sql_url):
    thieves = ("x@example.org\r\nBcc: thief@example.org", "x@example.org>\r\nRCPT TO:<thief@example.org", "thief@example.org\x00")
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        for number, (thief, name) in enumerate(product(thieves, ("to", "cc", "bcc"))):
            body = command(outgoing_interaction=True, queue="q", **{"to": [ANN], name: [thief] if name != "to" else [ANN, thief]})
            assert await send(made, body, context(f"c1-1-{number}")) == ("partially_sent", "refused")
        assert [thieves[-1]] in [row["recipients"]["bcc"] for row in await rows(made, outgoing_interaction)]
    assert got(server) == [[ANN]] * 9
    assert not any(b"thief" in received.content for received in server.received)


async def test_a_subject_with_a_second_line_is_refused(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        assert await send(made, command(subject="Hello\r\nBcc: thief@example.org")) == ("error", "refused")
    assert got(server) == []


async def test_a_text_is_only_ever_text(sql_url):
    text = "Hello\r\n.\r\nMAIL FROM:<thief@example.org>\r\n\x00\r\nSubject: other\r\n"
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        assert await send(made, command(text=text, html=text, outgoing_interaction=True, queue="q")) == ("ok", None)
        (kept,) = await rows(made, outgoing_interaction)
    assert len(server.received) == 1
    assert kept["text"] == text.replace("\x00", "\ufffd")


async def test_too_large(sqlite_url):
    async with mail_server(size=2_000) as server, connector(sqlite_url, shop=server.mailbox()) as made:
        assert await send(made, command(text="x" * 3_000)) == ("error", "too_large")
    assert got(server) == []


async def test_who_can_be_written_to_later_is_written_to_later_and_nobody_else_again(sql_url):
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        server.refuses = {BEN: "450 4.2.0 greylisted", CAT: "550 no"}
        body = command(to=[ANN, BEN, CAT], outgoing_interaction=True, queue="support")
        assert await send(made, body) == ("Retry", "refused", "partially_sent")  # what is answered where the deadline comes first
        (kept,) = await rows(made, outgoing_interaction)
        assert (kept["accepted"], kept["refused"]) == ([ANN], [CAT])
        server.refuses = {}
        assert await send(made, body) == ("partially_sent", "refused")
        (kept,) = await rows(made, outgoing_interaction)
    assert (kept["accepted"], kept["refused"]) == ([ANN, BEN], [CAT])
    assert got(server) == [[ANN], [BEN]]
    assert len({received.message["Message-Id"] for received in server.received}) == 1


async def test_a_server_that_is_away_is_tried_again(sqlite_url):
    async with speaking(None) as port:
        pass
    mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org"}
    async with connector(sqlite_url, shop=mailbox) as made:
        assert await send(made, command()) == ("Retry", "unreachable", None)
        (noted,) = await rows(made, sending)
    assert (noted["giving"], noted["outcome"]) == ([], None)


async def test_no_reply_after_the_end_is_unknown_and_stays_so(sql_url):
    async with speaking(partial(dialogue, until=b"<DOT>")) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org", "timeout_seconds": 2}
        async with connector(sql_url, shop=mailbox) as made:
            body = command(outgoing_interaction=True, queue="support")
            assert [await send(made, body) for _ in range(2)] == [("unknown", "interrupted")] * 2
            (kept,) = await rows(made, outgoing_interaction)
    assert (kept["accepted"], kept["unknown"], kept["message_id"]) == ([], [ANN], "<c1-1-1@example.org>")


async def test_where_the_server_knows_a_message_again_it_is_sent_again(sqlite_url):
    async with speaking(partial(dialogue, until=b"<DOT>")) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org", "deduplicates": True}
        async with connector(sqlite_url, shop=mailbox) as made:
            assert await send(made, command()) == ("Retry", "unreachable", "unknown")
    async with connector(sqlite_url, shop=mailbox) as made:  # there is nobody now, and the first try may have been taken
        assert await send(made, command()) == ("Retry", "unreachable", "unknown")
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox(deduplicates=True)) as made:
        server.refuses = {ANN: "450 later"}
        assert await send(made, command()) == ("Retry", "refused", "unknown")
        server.refuses, server.reply = {}, "451 later"
        assert await send(made, command()) == ("Retry", "unreachable", "unknown")
        server.reply = "250 OK"
        assert await send(made, command()) == ("ok", None)
    assert server.received[0].message["Message-Id"] == "<c1-1-1@example.org>"


async def test_where_the_server_knows_a_message_again_and_refuses_it_nobody_knows_of_the_first_try(sqlite_url):
    async with speaking(partial(dialogue, until=b"<DOT>")) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org", "deduplicates": True}
        async with connector(sqlite_url, shop=mailbox) as made:
            assert await send(made, command()) == ("Retry", "unreachable", "unknown")
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox(deduplicates=True)) as made:
        server.refuses = {ANN: "550 no"}
        assert await send(made, command()) == ("unknown", "refused")


async def test_the_deadline_passes_while_the_server_is_slow_before_the_message(sqlite_url):
    async def silent(reader, writer):
        await reader.read()

    async with speaking(silent) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org"}
        async with connector(sqlite_url, shop=mailbox) as made:
            assert await send(made, command(), context(deadline=in_seconds(1))) == ("Retry", "timeout", None)


async def test_a_try_that_could_not_be_noted_before_the_deadline_is_not_begun(sqlite_url):
    """The framework would cut it off, and nobody would know what became of the message."""
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        assert await send(made, command(), context(deadline=in_seconds(0.4))) == ("error", "timeout")
    assert got(server) == []


async def test_the_deadline_passes_after_the_message_was_given_away(sqlite_url):
    async def swallow(reader, writer):
        await dialogue(reader, writer, until=b"<DOT>")
        await reader.read()

    async with speaking(swallow) as port:
        mailbox = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org"}
        async with connector(sqlite_url, shop=mailbox) as made:
            assert await send(made, command(), context(deadline=in_seconds(1.2))) == ("unknown", "interrupted")


async def test_a_reply_that_refuses_leaves_nothing_in_doubt(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        server.reply = "451 4.3.0 later"
        assert await send(made, command()) == ("Retry", "unreachable", None)
        server.reply = "250 OK"
        assert await send(made, command()) == ("ok", None)
        server.reply = "554 5.7.1 spam"
        assert await send(made, command(), context("c1-1-2")) == ("error", "refused")
    assert len(server.received) == 1


async def test_an_outgoing_interaction_is_kept_and_a_basic_send_leaves_no_address(sql_url):
    async with mail_server() as server, connector(sql_url, "shop", shop=server.mailbox()) as made:
        await send(made, command(outgoing_interaction=True, queue="support", mailbox=None, cc=[BEN], html="<b>x</b>"))
        await send(made, command(), context("c1-1-2"))
        (kept,) = await rows(made, outgoing_interaction)
        noted = await rows(made, sending)
    assert kept["sent_at"] > 0
    assert kept.items() >= {
        "id": "c1-1-1", "conversation_id": "c1", "interaction_id": "c1-1", "flow": "shop", "action": "receipt", "queue": "support",
        "template": "receipt", "message_id": "<c1-1-1@example.org>",
    }.items()  # fmt: skip
    assert kept["recipients"] == {"to": [ANN], "cc": [BEN], "bcc": []}
    assert "@" not in str([(row["giving"], row["accepted"], row["refused"]) for row in noted])


async def test_what_began_so_long_ago_that_nobody_can_command_it_again_is_forgotten(sql_url):
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as made:
        await send(made, command())
        async with made._database.writing() as connection:
            await connection.execute(update(sending).values(began_at=sending.c.began_at - 46 * 24 * 60 * 60 * 1000))
        await send(made, command(), context("c1-1-2"))
        assert {row["command_id"] for row in await rows(made, sending)} == {"c1-1-1", "c1-1-2"}, "it is looked now and then"
        made._database._forget_at.clear()
        await send(made, command(), context("c1-1-3"))
        assert {row["command_id"] for row in await rows(made, sending)} == {"c1-1-2", "c1-1-3"}


async def test_a_connector_that_was_only_stopped_gives_no_message_away_a_second_time(sql_url):
    """Another one took it for dead, and has sent the message meanwhile."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(server, session, envelope, address, options):
        if not asked.is_set():
            asked.set()
            await go_on.wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async with (
        mail_server() as server,
        connector(sql_url, shop=server.mailbox()) as stopped,
        connector(sql_url, shop=server.mailbox()) as another,
    ):
        server.handle_RCPT = slowly
        body = command(outgoing_interaction=True, queue="support")
        first = asyncio.create_task(send(stopped, body))
        await asked.wait()
        assert await send(another, body) == ("ok", None)
        go_on.set()
        assert await first == ("Retry", "unreachable", None)
        assert await send(stopped, body) == ("ok", None)
        (kept,) = await rows(another, outgoing_interaction)
    assert (got(server), kept["accepted"]) == ([[ANN]], [ANN])


async def test_two_that_begin_at_once_send_one_message(sql_url):
    async with mail_server() as server, connector(sql_url, shop=server.mailbox()) as one, connector(sql_url, shop=server.mailbox()) as two:
        found = await asyncio.gather(send(one, command()), send(two, command()))
        assert ("ok", None) in found or ("unknown", "interrupted") in found
    assert len(server.received) == 1


@pytest.mark.parametrize(("step", "answer"), [("sent", "unknown"), ("note", "ok")])
async def test_a_store_that_goes_away_after_the_message_was_taken_makes_no_error_of_it(sqlite_url, step, answer):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:
        as_it_was, away = getattr(made._sendings, step), []

        async def fail(where, known, noted, **more):
            if step == "sent" or noted.outcome is not None:
                away.append(noted)
                raise StoreAway("The SQL store does not answer.")
            return await as_it_was(where, known, noted, **more)

        setattr(made._sendings, step, fail)
        assert await send(made, command()) == ("StoreAway", "unreachable", answer)
        assert (len(server.received), len(away)) == (1, 1)


async def test_a_store_that_goes_away_before_the_message_is_given_away_sends_nothing(sqlite_url):
    async with mail_server() as server, connector(sqlite_url, shop=server.mailbox()) as made:

        async def fail(*_arguments):
            raise Retry("unreachable")

        made._sendings.note = fail
        assert await send(made, command()) == ("Retry", "unreachable", None)
        await asyncio.sleep(0.05)
        assert got(server) == []
