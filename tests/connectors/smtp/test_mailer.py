"""The mail client against real mail servers, and against some that misbehave."""

import asyncio
import json
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import SMTP, SMTPUTF8, default
from functools import partial

import pytest

from connectors.framework.errors import CommandFailed, Refused, Retry
from connectors.framework.outcome import UNKNOWN
from connectors.framework.settings import ConnectorSettings, SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.smtp.address import Address, NotAnAddress
from connectors.smtp.mailer import Mailer
from connectors.smtp.message import LONGEST_SUBJECT, Content, compose, stamp
from connectors.smtp.refusal import Refusal
from connectors.smtp.settings import SmtpSettings
from schemas.deployment import Deployment
from tests.connectors.local_http import speaking
from tests.connectors.mail_server import CERTIFICATE, PASSWORD, USER, dialogue, mail_server

ANN, BEN = Address("ann@example.org"), Address("ben@example.org")
LETTER = Content("Hello", "Good day.\n", "<p>Good day.</p>", (ANN,), (BEN,))


def environment(**mailboxes):
    return {"SMART_ROUTING_SMTP_MAILBOXES": json.dumps(mailboxes)}


@asynccontextmanager
async def mailer(**mailbox):
    made = Mailer(Surroundings(Deployment(), ConnectorSettings(), environment(shop=mailbox)))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def send(mailbox, content=LETTER, recipients=(ANN, BEN), **more):
    """Send one message: the refusals, or what was raised."""
    async with mailer(**mailbox) as made, asyncio.timeout(20):
        try:
            return await made.send("shop", compose(content, "c1-1-1"), recipients, **more)
        except CommandFailed as failure:
            return failure


def plain(port, **more):
    return {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org", "timeout_seconds": 1, **more}


async def test_a_message_has_both_its_parts_its_sender_and_an_id_of_the_command():
    async with mail_server() as server:
        assert await send(server.mailbox(sender_name="Müller & Söhne")) == {}
    (received,) = server.received
    message = received.message
    assert (received.sender, received.recipients) == ("shop@example.org", ["ann@example.org", "ben@example.org"])
    assert message["Message-Id"] == "<c1-1-1@example.org>"
    assert str(message["From"]) == "Müller & Söhne <shop@example.org>"
    assert (message["To"], message["Cc"], message["Bcc"]) == ("ann@example.org", "ben@example.org", None)
    assert message["Date"].datetime is not None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content() for part in message.iter_parts()] == ["Good day.\n", "<p>Good day.</p>\n"]


@pytest.mark.parametrize(("security", "auth"), [("starttls", True), ("starttls", False), ("tls", True), ("none", True)])
async def test_tls_and_users_are_as_the_mailbox_says(security, auth):
    async with mail_server(security=security, auth=auth) as server:
        user = {"user": USER, "password": PASSWORD} if auth else {}
        assert await send(server.mailbox(security=security, ca_file=str(CERTIFICATE), **user)) == {}
        assert len(server.received) == 1


async def test_a_wrong_password_is_refused_and_not_shown():
    async with mail_server(security="starttls", auth=True) as server:
        failure = await send(server.mailbox(security="starttls", ca_file=str(CERTIFICATE), user=USER, password="a wrong one"))
    assert isinstance(failure, Refused)
    assert failure.reason == "refused"
    assert "wrong one" not in str(failure)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_nobody_we_trust_gets_no_message(security):
    async with mail_server(security=security) as server:
        failure = await send(server.mailbox(security=security))
        assert server.received == []
    assert (type(failure), failure.reason) == (Refused, "unreachable")


async def test_a_server_that_hides_starttls_gets_no_message():
    """As one does who sits in between and wants to read it."""
    async with mail_server(security="none") as server:
        failure = await send(server.mailbox(security="starttls", ca_file=str(CERTIFICATE)))
        assert server.received == []
    assert (type(failure), failure.reason) == (Refused, "unreachable")


async def test_who_is_refused_is_told_of_and_the_others_get_it():
    async with mail_server() as server:
        server.refuses = {"ben@example.org": "550 5.1.1 no such user"}
        refused = await send(server.mailbox())
    assert refused == {BEN: Refusal(550, "5.1.1 no such user")}
    assert not refused[BEN].temporary
    assert server.received[0].recipients == ["ann@example.org"]


async def test_nothing_is_sent_where_all_are_refused():
    async with mail_server() as server:
        server.refuses = {"ann@example.org": "550 no", "ben@example.org": "450 later"}
        refused = await send(server.mailbox())
        assert server.received == []
    assert [refusal.temporary for refusal in refused.values()] == [False, True]


@pytest.mark.parametrize(
    ("reply", "failure", "reason"),
    [
        ("451 4.3.0 later", Retry, "unreachable"),
        ("554 5.7.1 this is spam", Refused, "refused"),
        ("552 5.3.4 too big", Refused, "too_large"),
        ("550 5.2.3 too long", Refused, "too_large"),
    ],
)
async def test_what_the_server_says_of_the_message(reply, failure, reason):
    async with mail_server() as server:
        server.reply = reply
        found = await send(server.mailbox())
    assert (type(found), found.reason) == (failure, reason)


async def test_a_message_larger_than_the_server_takes_is_not_even_offered():
    async with mail_server(size=5_000) as server:
        found = await send(server.mailbox(), Content("Long", "x" * 6_000, to=(ANN,)))
        assert server.received == []
    assert (type(found), found.reason) == (Refused, "too_large")


async def test_lines_that_begin_with_a_dot_arrive_as_they_were_written():
    text = ".\n..\n.hidden\nQUIT\n" + "long " * 400 + "\n"
    async with mail_server() as server:
        assert await send(server.mailbox(), Content("Dots", text, to=(ANN,))) == {}
    assert server.received[0].message.get_content() == text


async def test_other_scripts_arrive_in_subject_text_and_addresses():
    foreign_domain, foreign_user = Address.parse("info@bücher.example"), Address.parse("юля@почта.example")
    content = Content("Grüße, 你好 🌸 " + "schöne Worte " * 20, "你好，再见。\n" * 50, "<b>до свидания</b>", (foreign_domain, foreign_user))
    async with mail_server() as server:
        assert await send(server.mailbox(), content, (foreign_domain, foreign_user)) == {}
    (received,) = server.received
    assert received.recipients == ["info@xn--bcher-kva.example", "юля@xn--80a1acny.example"]
    assert received.message["Subject"] == content.subject
    text, html = (part.get_content().splitlines() for part in received.message.iter_parts())
    assert (text, html) == (content.text.splitlines(), [content.html])
    assert "юля@xn--80a1acny.example".encode() in received.content


async def test_a_server_without_smtputf8_gets_what_it_can_be_given():
    foreign_user = Address.parse("юля@example.org")
    async with mail_server(smtputf8=False) as server:
        refused = await send(server.mailbox(), Content("Grüße", "x", to=(foreign_user, ANN)), (foreign_user, ANN))
    assert [(address, refusal.code) for address, refusal in refused.items()] == [(foreign_user, 553)]
    (received,) = server.received
    assert (received.recipients, received.message["To"], received.message["Subject"]) == (["ann@example.org"], "ann@example.org", "Grüße")


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_subject_cannot_begin_another_header(line_end):
    with pytest.raises(Refused, match="one line"):
        compose(Content(f"Hello{line_end}Bcc: thief@example.org", "x"), "c1")


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?Hello=0D=0ABcc:_thief@example.org?=",
        "=?utf-8?b?SGVsbG8NCkJjYzogdGhpZWZAZXhhbXBsZS5vcmc=?=",
        "é =?us-ascii?q?a=0Ab?=" * 40,
        "=?utf-8?q?=0D=0A=0D=0A",
        "你好  =0ABcc: 😀",
    ],
)
def test_an_encoded_word_in_a_subject_is_text_and_no_header(subject):
    """Readers decode one (RFC 2047): what a customer wrote as one must neither be decoded on its way nor begin a line."""
    message = compose(Content(subject, "x", to=(ANN,)), "c1")
    stamp(message, ANN, "")
    for policy in (SMTP, SMTPUTF8):
        read = message_from_bytes(message.as_bytes(policy=policy), policy=default)
        assert read["Subject"] == subject[:LONGEST_SUBJECT]
        assert set(read.keys()) == {"Subject", "To", "Message-Id", "Auto-Submitted", "MIME-Version", "Content-Type", "From", "Date",
                                    "Content-Transfer-Encoding"}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["a@example.org\r\nBcc: b@example.org", "a@example.org\n", "a@example.org, b@example.org", "a b@example.org", "<a@example.org>",
     "a@example.org> SIZE=1", "A <a@example.org>", "", "@example.org", "a@", "a@[127.0.0.1]", "a\x00@example.org", "\ud800@example.org",
     "=?utf-8?q?=0D=0ABcc=3Athief=40example.com=0D=0AX=3A?=@example.org"],
)  # fmt: skip
def test_an_address_is_one_address(text):
    with pytest.raises(NotAnAddress):
        Address.parse(text)


@pytest.mark.parametrize("identity", ["c1-1-1", "x\r\nBcc: a@b.c", "a b", "<>", "é", "x" * 300, ""])
def test_a_message_id_is_one_whatever_the_command_id_holds(identity):
    first, again = (compose(Content("s", "t"), identity)["Message-Id"] for _ in range(2))
    assert first == again
    assert str(first).startswith("<")
    assert str(first).count("@") == 1
    assert str(first).isascii()
    assert len(str(first).split()) == 1


async def test_nobody_there_is_worth_another_try():
    async with speaking(None) as port:
        pass
    failure = await send(plain(port))
    assert (type(failure), failure.reason) == (Retry, "unreachable")


@pytest.mark.parametrize("until", [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"<CONTENT>"])
async def test_a_connection_lost_before_the_message_was_complete_is_worth_another_try(until):
    text = "x" * 8_000_000 if until == b"<CONTENT>" else "x"  # more than fits what is under way
    async with speaking(partial(dialogue, until=until)) as port:
        failure = await send(plain(port), Content("Long", text, to=(ANN,)), (ANN,))
    assert (type(failure), failure.reason) == (Retry, "unreachable")


@pytest.mark.parametrize("then", [b"", b"\xff\xfe what\r\n", b"199 hm\r\n", b"354 more\r\n"])
async def test_no_reply_or_nonsense_after_the_final_dot_is_unknown(then):
    async with speaking(partial(dialogue, until=b"<DOT>", then=then)) as port:
        failure = await send(plain(port))
    assert (failure.reason, failure.outcome) == ("interrupted", UNKNOWN)


async def test_silence_after_the_final_dot_is_unknown():
    async def fall_silent(reader, writer):
        await dialogue(reader, writer, until=b"<DOT>")
        await reader.read()

    async with speaking(fall_silent) as port:
        failure = await send(plain(port, timeout_seconds=0.3))
    assert (failure.reason, failure.outcome) == ("interrupted", UNKNOWN)


@pytest.mark.parametrize("until", [b"<GREETING>", b"EHLO", b"MAIL", b"RCPT", b"DATA"])
async def test_a_slow_server_is_waited_for_so_long_and_no_longer(until):
    async def fall_silent(reader, writer):
        if until == b"<GREETING>":
            await reader.read()
        await dialogue(reader, writer, until=until)
        await reader.read()

    async with speaking(fall_silent) as port:
        failure = await send(plain(port, timeout_seconds=0.2))
    assert (type(failure), failure.reason) == (Retry, "unreachable")


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x01\x02\r\n", b"421 busy\r\n", b"x" * 200_000 + b"\r\n"])
async def test_who_does_not_speak_smtp_is_asked_again_later(greeting):
    async with speaking(partial(dialogue, until=b"", greeting=greeting)) as port:
        failure = await send(plain(port))
    assert (type(failure), failure.reason) == (Retry, "unreachable")


async def test_who_does_not_want_us_is_not_asked_again():
    async with speaking(partial(dialogue, until=b"", greeting=b"554 no service here\r\n")) as port:
        failure = await send(plain(port))
    assert (type(failure), failure.reason) == (Refused, "refused")


async def test_begin_is_told_who_gets_it_before_it_is_given_away():
    async with mail_server() as server:
        server.refuses = {"ben@example.org": "550 no"}
        told = []

        async def begin(taken):
            told.append((list(taken), len(server.received)))

        await send(server.mailbox(), begin=begin)
    assert told == [([ANN], 0)]


async def test_what_fails_in_begin_has_sent_nothing():
    async def begin(_taken):
        raise Retry("unreachable")

    async with mail_server() as server:
        assert isinstance(await send(server.mailbox(), begin=begin), Retry)
        await asyncio.sleep(0.05)
        assert server.received == []


async def test_a_mailbox_that_is_not_set_is_said_so():
    async with mailer(host="127.0.0.1", sender="a@example.org") as made:
        for name in ("other", None):
            with pytest.raises(Refused, match="no_mailbox"):
                await made.send(name, compose(LETTER, "c1"), [ANN])


async def test_send_to_raises_for_the_one_who_is_refused():
    async with mail_server() as server, mailer(**server.mailbox()) as made:
        for reply, failure in (("450 later", Retry), ("550 no", Refused)):
            server.refuses = {"ann@example.org": reply}
            with pytest.raises(failure, match="refused"):
                await made.send_to("shop", compose(LETTER, "c1"), ANN)
        server.refuses = {}
        await made.send_to("shop", compose(LETTER, "c1"), ANN)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("mailbox", "said"),
    [
        ({"host": "x", "sender": "no address"}, "e-mail address"),
        ({"host": "x", "sender": "юля@example.org"}, "ASCII"),
        ({"host": "x", "sender": "a@example.org", "sender_name": "a\r\nBcc: b@c.d"}, "one line"),
        ({"host": "x", "sender": "a@example.org", "sender_name": "=?utf-8?q?a=0D=0ABcc=3A?="}, "encoded words"),
        ({"host": "x", "sender": "a@example.org", "user": "u"}, "`user` and `password`"),
        ({"host": "x", "sender": "a@example.org", "user": "u", "password": "hush!", "security": "none"}, "in the clear"),
        ({"host": "x", "sender": "a@example.org", "sekurity": "tls"}, "Extra inputs"),
    ],
)
def test_a_mailbox_that_cannot_be_used_is_refused_and_its_password_not_shown(mailbox, said):
    with pytest.raises(SettingsError, match=said) as refused:
        SmtpSettings.from_environment(environment(shop=mailbox))
    assert "SMART_ROUTING_SMTP_MAILBOXES, at shop" in str(refused.value)
    assert "hush!" not in str(refused.value)


def test_the_default_mailbox_is_one_of_them():
    good = environment(shop={"host": "x", "sender": "a@example.org"})
    assert SmtpSettings.from_environment({**good, "SMART_ROUTING_SMTP_DEFAULT_MAILBOX": "shop"}).find(None) is not None
    with pytest.raises(SettingsError, match="DEFAULT_MAILBOX"):
        SmtpSettings.from_environment({**good, "SMART_ROUTING_SMTP_DEFAULT_MAILBOX": "other"})
