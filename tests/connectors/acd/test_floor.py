"""The floor of the ACD, on a real Redis."""

import asyncio
from typing import Any

import pytest

from connectors.acd.floor.contact import Answer, QueueEntry
from connectors.acd.floor.floor import FloorRefused
from tests.connectors.acd.call_center import SETTINGS, open_center


@pytest.fixture
async def center(redis_server):
    async with open_center(redis_server.url) as opened:
        yield opened


async def refused(attempt):
    with pytest.raises(FloorRefused) as caught:
        await attempt
    return caught.value.why


# From the queue to the end.


async def test_a_free_agent_is_asked_at_once_and_has_the_contact_until_he_ends_it(center):
    await center.hire("anna")
    assert await center.call("c1") == Answer("offered")
    await center.floor.accept("c1", "anna")
    await center.floor.write("c1", "anna", "m1", "Good morning")
    await center.floor.end("c1", "anna", "done")
    assert await center.told("c1") == [("accepted",), ("Good morning",), ("processed",)]
    assert await center.conversations("anna") == []


async def test_who_comes_while_all_are_busy_waits_and_is_offered_when_one_is_free(center):
    await center.hire("anna")
    await center.call("c1")
    assert await center.call("c2") == Answer("queued")
    await center.floor.accept("c1", "anna")
    await center.floor.end("c1", "anna", "done")
    assert await center.offers("anna") == ["c2"]
    assert await center.told("c2") == [("offered",)]


async def test_a_repeated_command_is_answered_the_same_and_does_nothing(center):
    await center.hire("anna")
    await center.call("c1")
    await center.call("c2")
    await center.floor.accept("c1", "anna")
    before = await center.redis.dbsize(), await center.told()
    assert [await center.call("c1"), await center.call("c2")] == [Answer("offered"), Answer("queued")]
    assert (await center.redis.dbsize(), await center.told()) == before
    assert await center.call("c9", "sales") == await center.call("c9", "sales") == Answer("overflow_no_user", "no_user", "sales: no_user")


async def test_the_longest_waiting_comes_first_and_those_with_priority_before_them(center):
    await center.hire("anna")
    await center.call("busy")
    for name in ("c1", "c2"):
        await center.call(name)
    for name in ("p1", "p2"):
        await center.call(name, prioritize=True)
    served = []
    for current in ("busy", "p1", "p2", "c1"):
        await center.floor.accept(current, "anna")
        await center.floor.end(current, "anna", "done")
        served += await center.offers("anna")
    assert served == ["p1", "p2", "c1", "c2"]


async def test_the_agent_who_is_idle_for_the_longest_is_asked_first(center):
    for name in ("anna", "ben", "cleo"):
        await center.hire(name)
        center.now += 1
    asked = []
    for number in range(4):
        contact = f"c{number}"
        await center.call(contact)
        (agent,) = [name for name in center.agents if contact in await center.offers(name)]
        asked.append(agent)
        await center.floor.accept(contact, agent)
        center.now += 1
        await center.floor.end(contact, agent, "done")
    assert asked == ["anna", "ben", "cleo", "anna"]


async def test_an_agent_with_room_for_several_comes_after_those_who_have_none(center):
    await center.hire("anna", capacity=3)
    center.now += 1
    await center.hire("ben")
    for name in ("c1", "c2", "c3", "c4", "c5"):
        await center.call(name)
    assert await center.offers("anna") == ["c1", "c3", "c4"]
    assert await center.offers("ben") == ["c2"]


async def test_only_who_serves_the_queue_and_has_all_skills_is_asked(center):
    await center.hire("anna", "sales", skills=("french", "cars"))
    await center.hire("ben", "support", skills=("french",))
    await center.hire("cleo", "support", skills=("cars", "french"))
    await center.call("c1", QueueEntry("support", ("cars", "french")))
    assert await center.offers("cleo") == ["c1"]
    assert await center.call("c2", QueueEntry("support", ("cars", "french"))) == Answer("queued")
    assert await center.offers("ben") == []
    assert (await center.call("c3", QueueEntry("support", ("german",)))).outcome == "overflow_no_user"


async def test_a_contact_of_another_line_does_not_hold_up_those_behind_it(center):
    await center.hire("anna", skills=("french",))
    await center.hire("ben")
    await center.call("b1")
    await center.call("b2")
    await center.call("french", QueueEntry("support", ("french",)))
    await center.call("any")
    owner = "anna" if "b1" in await center.offers("anna") else "ben"
    ben_has = "b2" if owner == "anna" else "b1"
    await center.floor.accept(ben_has, "ben")
    await center.floor.end(ben_has, "ben", "done")
    assert await center.offers("ben") == ["any"]


# Groups.


async def test_a_group_is_tried_in_its_order(center):
    await center.hire("anna", "second")
    center.now += 5
    await center.hire("ben", "first")
    await center.call("c1", "first", "second", group="g")
    assert await center.offers("ben") == ["c1"]
    await center.call("c2", "first", "second", group="g")
    assert await center.offers("anna") == ["c2"]
    await center.call("c3", "first", "second", group="g")
    await center.floor.accept("c2", "anna")
    await center.floor.end("c2", "anna", "done")
    assert await center.offers("anna") == ["c3"], "it waits in both queues"
    assert (await center.floor.board())["queues"][0]["waiting"] == 2, "c1 and c3 have no agent yet"


async def test_a_group_overflows_only_where_all_its_queues_do_and_says_which(center):
    await center.hire("anna", "full")
    await center.call("c1", "full")
    await center.call("c2", "full")
    full = QueueEntry("full", maximum_waiting=2)
    assert (await center.call("c3", full, "nobody")).outcome == "overflow"
    assert await center.call("c3", full, "nobody") == Answer("overflow", "mixed", "full: maximum_waiting, nobody: no_user")
    assert (await center.call("c4", "nobody", "nobody_else")).outcome == "overflow_no_user"
    await center.hire("ben", "open", available=False)
    await center.floor.set_presence("ben", "away")
    assert await center.call("c5", full, "nobody", "open") == Answer("queued")


async def test_a_group_is_left_when_every_queue_of_it_was_left(center):
    await center.hire("anna", "first", "second")
    await center.call("busy", "first")
    await center.call("c1", QueueEntry("first", maximum_wait_sec=60), QueueEntry("second", maximum_wait_sec=120), group="g")
    await center.floor.accept("busy", "anna")
    await center.pass_seconds(61)
    assert await center.told("c1") == []
    assert [queue["waiting"] for queue in (await center.floor.board())["queues"]] == [0, 1]
    await center.pass_seconds(60)
    assert await center.told("c1") == [("dissuasion_maximum_wait",)]


async def test_an_agent_asked_for_a_queue_that_is_left_may_be_asked_for_another_at_once(center):
    await center.hire("anna", "first", "second")
    await center.call("c1", QueueEntry("first", maximum_wait_sec=10), "second", group="g")
    await center.pass_seconds(11)
    assert await center.offers("anna") == ["c1"]
    assert (await center.floor.desk("anna"))["contacts"][0]["queue"] == "second"


async def test_queues_have_the_names_of_their_definitions_and_leave_the_board_when_they_are_no_more(center):
    await center.hire("anna")
    await center.floor.renew_roster(center.agents.values(), {"support": "Customer support", "night": ""})
    await center.call("c1")
    await center.call("c2")
    assert (await center.call("c3", "night")).outcome == "overflow_no_user"
    desk = await center.floor.desk("anna")
    assert desk["contacts"][0]["queue_name"] == "Customer support"
    assert desk["queues"] == [{"queue": "support", "name": "Customer support", "waiting": 2}]
    board = await center.floor.board()
    assert [(queue["queue"], queue["name"]) for queue in board["queues"]] == [("night", ""), ("support", "Customer support")]
    center.agents.clear()
    await center.floor.renew_roster([])
    board = await center.floor.board()
    assert [(queue["queue"], queue["name"]) for queue in board["queues"]] == [("support", "")], "somebody waits in it still"
    await center.floor.cancel("c1")
    await center.floor.cancel("c2")
    assert (await center.floor.board())["queues"] == []


# Bounds.


async def test_nobody_signed_in_overflows_and_one_who_is_away_does_not(center):
    await center.hire("anna", available=False)
    assert (await center.call("c1")).outcome == "overflow_no_user"
    await center.floor.set_presence("anna", "away")
    assert (await center.call("c2")).outcome == "queued"
    await center.floor.set_presence("anna", "available")
    assert await center.offers("anna") == ["c2"]


async def test_as_many_as_may_wait_wait(center):
    await center.hire("anna")
    await center.call("c0")
    await center.floor.accept("c0", "anna")
    bounded = QueueEntry("support", maximum_waiting=2)
    outcomes = [(await center.call(f"c{number}", bounded)).outcome for number in range(1, 5)]
    assert outcomes == ["queued", "queued", "overflow_maximum_waiting", "overflow_maximum_waiting"]


async def test_the_wait_is_estimated_from_those_ahead_the_handling_time_and_the_places(center):
    await center.hire("anna", capacity=2)
    await center.call("a")
    await center.call("b")
    for name in ("a", "b"):
        await center.floor.accept(name, "anna")
    bounded = QueueEntry("support", maximum_estimated_wait_sec=110)
    # 100 s of handling, 2 places: the first would wait 50 s, the second 100 s, the third 150 s.
    outcomes = [(await center.call(f"c{number}", bounded)).outcome for number in range(3)]
    assert outcomes == ["queued", "queued", "overflow_maximum_estimated_wait"]
    assert (await center.call("p", bounded, prioritize=True)).outcome == "queued", "nobody is ahead of it"
    assert (await center.floor.board())["queues"][0]["estimate_ms"] == 200_000


async def test_the_handling_time_is_learnt(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    await center.pass_seconds(300)
    await center.floor.end("c1", "anna", "done")
    assert (await center.floor.board())["queues"][0]["handling_ms"] == 120_000, "a tenth of the way from 100 s to 300 s"


async def test_past_its_maximum_wait_a_contact_leaves_also_while_an_agent_is_asked(center):
    await center.hire("anna")
    await center.call("c1", QueueEntry("support", maximum_wait_sec=5))
    assert await center.offers("anna") == ["c1"]
    await center.pass_seconds(5)
    assert await center.told("c1") == [("dissuasion_maximum_wait",)]
    assert await center.offers("anna") == []
    assert await refused(center.floor.accept("c1", "anna")) == "over"


async def test_a_deadline_holds_no_longer_once_an_agent_has_accepted(center):
    await center.hire("anna")
    await center.call("c1", QueueEntry("support", maximum_wait_sec=15))
    await center.floor.accept("c1", "anna")
    await center.pass_seconds(100)
    assert await center.told("c1") == [("accepted",)]
    assert await center.redis.zrange(f"{center.floor.prefix}timers", 0, -1) == [b"heard:anna"]


# Agents who do not take what they are offered.


async def test_an_agent_who_does_not_answer_is_passed_over_and_after_some_times_away(center):
    await center.hire("anna")
    center.now += 1
    await center.hire("ben")
    await center.call("c1")
    await center.pass_seconds(20)
    assert (await center.offers("anna"), await center.offers("ben")) == ([], ["c1"])
    await center.call("c2")
    assert await center.offers("anna") == ["c2"]
    await center.pass_seconds(20)
    assert await center.presence("anna") == "away"
    assert (await center.floor.desk("anna"))["why"] == "missed"
    assert await center.told("c1") == [], "an offer is told once"


async def test_a_contact_that_all_have_missed_is_offered_again_later(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.decline("c1", "anna")
    assert await center.offers("anna") == []
    await center.call("c2")
    assert await center.offers("anna") == ["c2"], "others may come first meanwhile"
    await center.floor.accept("c2", "anna")
    await center.floor.end("c2", "anna", "done")
    await center.pass_seconds(29)
    assert await center.offers("anna") == []
    await center.pass_seconds(1)
    assert await center.offers("anna") == ["c1"]


async def test_who_goes_away_leaves_his_offers_to_others_and_keeps_his_conversations(center):
    await center.hire("anna", capacity=2)
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    await center.call("c2")
    await center.floor.set_presence("anna", "away")
    assert (await center.offers("anna"), await center.conversations("anna")) == ([], ["c1"])
    await center.floor.set_presence("anna", "available")
    assert await center.offers("anna") == ["c2"]


async def test_who_has_conversations_cannot_sign_out(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    assert await refused(center.floor.set_presence("anna", "signed_out")) == "conversations_open"
    await center.floor.end("c1", "anna", "done")
    await center.floor.set_presence("anna", "signed_out")
    assert (await center.call("c2")).outcome == "overflow_no_user"


async def test_an_agent_whose_desk_is_not_heard_of_is_away_then_gone(center):
    await center.hire("anna", capacity=2)
    await center.hire("ben", "other")
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    await center.call("c2")
    await center.pass_seconds(44, "ben")
    assert await center.presence("anna") == "available"
    await center.pass_seconds(1, "ben")
    assert (await center.presence("anna"), await center.conversations("anna")) == ("away", ["c1"])
    await center.pass_seconds(555, "ben")
    assert (await center.presence("anna"), await center.presence("ben")) == ("signed_out", "available")
    assert await center.told("c1") == [("accepted",), ("unprocessed", "abandoned")]
    assert (await center.call("c3")).outcome == "overflow_no_user"


async def test_an_agent_who_comes_back_is_missed_as_soon_as_if_he_had_never_been_away(center):
    await center.hire("anna")
    await center.floor.set_presence("anna", "away")
    await center.pass_seconds(50)
    await center.floor.set_presence("anna", "available")
    await center.pass_seconds(45, "nobody")
    assert (await center.presence("anna"), (await center.floor.desk("anna"))["why"]) == ("away", "lost")


@pytest.mark.parametrize("answer", ["decline", "turn_away"])
async def test_offers_are_unanswered_in_a_row_only_where_none_between_them_was_answered(center, answer):
    await center.hire("anna")
    await center.call("c1")
    await center.pass_seconds(20)
    await center.call("c2")
    await getattr(center.floor, answer)("c2", "anna")
    await center.call("c3")
    await center.pass_seconds(20)
    assert await center.presence("anna") == "available"
    await center.call("c4")
    await center.pass_seconds(20)
    assert await center.presence("anna") == "away"


async def test_an_agent_who_was_dismissed_finishes_what_he_has(center):
    await center.hire("anna", capacity=2)
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    center.agents.clear()
    await center.floor.renew_roster([])
    assert (await center.call("c2")).outcome == "overflow_no_user"
    await center.floor.end("c1", "anna", "done")
    assert await center.told("c1") == [("accepted",), ("processed",)]
    assert await refused(center.floor.set_presence("anna", "available")) == "inactive_user" or await center.presence("anna") == "available"


async def test_an_agent_who_learns_a_skill_is_given_who_waits_for_it(center):
    await center.hire("anna", skills=("french",), available=False)
    await center.floor.set_presence("anna", "away")
    await center.hire("ben")
    await center.call("c1", QueueEntry("support", ("french",)))
    assert await center.offers("ben") == []
    await center.hire("ben", skills=("french",), available=False)
    assert await center.offers("ben") == ["c1"]


# Ends.


@pytest.mark.parametrize(
    ("how", "told"), [("done", ("processed",)), ("customer_left", ("unprocessed", "customer_left")), ("closed", ("unprocessed", "closed"))]
)
async def test_how_an_agent_ends_a_contact_from_a_queue(center, how, told):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    for _ in range(2):
        await center.floor.end("c1", "anna", how)
    assert await center.told("c1") == [("accepted",), told]


async def test_an_agent_turns_a_customer_away(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.turn_away("c1", "anna")
    assert await center.told("c1") == [("dissuasion_by_user",)]
    assert await refused(center.floor.turn_away("c1", "anna")) == "over"


async def test_a_supervisor_turns_away_and_closes(center):
    await center.hire("anna")
    for name in ("c1", "c2", "c3"):
        await center.call(name)
    await center.floor.accept("c1", "anna")
    await center.floor.close("c2", "dissuasion")
    assert await refused(center.floor.close("c1", "dissuasion")) == "not_waiting"
    await center.floor.close("c1", "closed")
    await center.floor.close("c3", "closed")
    assert await center.told() == [
        ("c1", "accepted"), ("c2", "dissuasion"), ("c1", "unprocessed", "closed"), ("c3", "offered"), ("c3", "unprocessed", "closed"),
    ]  # fmt: skip
    assert await refused(center.floor.close("c3", "closed")) == "over"
    assert await refused(center.floor.close("c4", "closed")) == "unknown_distribution"


@pytest.mark.parametrize("state", ["waiting", "offered", "accepted", "ended"])
async def test_a_contact_that_is_taken_back_is_nowhere_any_more(center, state):
    await center.hire("anna")
    if state == "waiting":
        await center.call("busy")
    await center.call("c1", QueueEntry("support", maximum_wait_sec=50))
    if state in {"accepted", "ended"}:
        await center.floor.accept("c1", "anna")
    if state == "ended":
        await center.floor.end("c1", "anna", "done")
    before = await center.told("c1")
    for _ in range(2):
        await center.floor.cancel("c1")
    assert await center.told("c1") == before
    assert "c1" not in await center.offers("anna") + await center.conversations("anna")
    timers = await center.redis.zrange(f"{center.floor.prefix}timers", 0, -1)
    assert not [timer for timer in timers if timer.endswith(b":c1")]
    recent = {contact["id"]: contact["outcome"] for contact in (await center.floor.desk("anna"))["recent"]}
    assert recent == {"waiting": {}, "ended": {"c1": "processed"}}.get(state, {"c1": "cancelled"})


async def test_a_contact_that_is_taken_back_before_it_came_never_comes(center):
    await center.hire("anna")
    await center.floor.cancel("c1")
    assert await center.call("c1") == Answer("cancelled")
    assert await center.offers("anna") == []


# One agent alone.


async def test_a_named_agent_is_asked_past_all_queues(center):
    await center.hire("anna", capacity=1)
    assert await center.call_user("u1", "anna") == Answer("offered")
    await center.floor.accept("u1", "anna")
    await center.floor.end("u1", "anna", "done")
    assert await center.told("u1") == [("accepted",), ("ok",)]


async def test_a_named_agent_who_is_busy_gets_it_before_what_waits_in_queues(center):
    await center.hire("anna")
    await center.call("c1")
    await center.call("c2", prioritize=True)
    assert await center.call_user("u1", "anna") == Answer("queued")
    await center.floor.accept("c1", "anna")
    await center.floor.end("c1", "anna", "done")
    assert await center.offers("anna") == ["u1"]
    assert await center.told("u1") == [("offered",)]


async def test_a_named_agent_who_declines_is_away_or_too_slow_does_not_respond(center):
    await center.hire("anna", capacity=2)
    await center.call_user("declined", "anna")
    await center.floor.decline("declined", "anna")
    await center.call_user("slow", "anna", 10_000)
    assert await refused(center.floor.turn_away("slow", "anna")) == "not_from_a_queue"
    await center.pass_seconds(10)
    await center.call_user("leaves", "anna")
    await center.call_user("leaves too", "anna")
    await center.call_user("waits", "anna")
    await center.floor.set_presence("anna", "away")
    assert await center.call_user("away", "anna") == Answer("no_response", "away")
    assert await center.call_user("nobody", "zoe") == Answer("no_response", "away")
    assert sorted(await center.told()) == [
        ("declined", "no_response", "declined"), ("leaves", "no_response", "away"), ("leaves too", "no_response", "away"),
        ("slow", "no_response", "timeout"), ("waits", "no_response", "away"),
    ]  # fmt: skip


async def test_a_named_agent_who_vanishes_with_the_contact_is_an_error(center):
    await center.hire("anna")
    await center.hire("ben")
    await center.call_user("u1", "anna")
    await center.floor.accept("u1", "anna")
    await center.call_user("u2", "ben")
    await center.floor.accept("u2", "ben")
    await center.floor.close("u2", "closed")
    await center.pass_seconds(600, "ben")
    assert await center.told("u1") == [("accepted",), ("error", "abandoned")]
    assert await center.told("u2") == [("accepted",), ("error", "closed")]


# Messages.


async def test_what_is_written_is_kept_in_order_and_once(center):
    await center.hire("anna")
    await center.call("c1")
    for _ in range(2):
        await center.floor.relay("c1", "m1", {"text": "before you came", "media": [], "choice": None})
    await center.floor.accept("c1", "anna")
    for _ in range(2):
        await center.floor.write("c1", "anna", "d1", "Bonjour ☕ </script>")
    await center.floor.relay(
        "c1", "m2", {"text": "", "media": [{"url": "https://x/1", "mime_type": "image/png", "name": None}], "choice": None}
    )
    conversation = await center.floor.conversation("c1", "anna")
    assert [(message["from"], message["text"]) for message in conversation["messages"]] == [
        ("customer", "hello"), ("customer", "before you came"), ("agent", "Bonjour ☕ </script>"), ("customer", ""),
    ]  # fmt: skip
    assert [message["media"] for message in conversation["messages"]] == [
        [], [], [], [{"url": "https://x/1", "mime_type": "image/png", "name": None}],
    ]  # fmt: skip
    for after in range(6):
        found = await center.floor.conversation("c1", "anna", after)
        assert [message["index"] for message in found["messages"]] == [index for index in range(1, 5) if index > after]
    await center.redis.ltrim(f"{center.floor.prefix}messages:c1", -2, -1)  # as the oldest go where there are very many
    for after, indices in ((0, [3, 4]), (2, [3, 4]), (3, [4]), (4, [])):
        assert [message["index"] for message in (await center.floor.conversation("c1", "anna", after))["messages"]] == indices
    assert await center.told("c1") == [("accepted",), ("Bonjour ☕ </script>",)]


async def test_nobody_writes_to_reads_or_changes_the_contact_of_another(center):
    await center.hire("anna")
    await center.call("c1")
    await center.hire("ben")
    floor = center.floor
    assert await refused(floor.accept("c1", "ben")) == "not_yours"
    assert await refused(floor.decline("c1", "ben")) == "not_yours"
    assert await refused(floor.write("c1", "anna", "m", "too early")) == "not_accepted"
    assert await refused(floor.end("c1", "anna", "done")) == "not_accepted"
    await floor.accept("c1", "anna")
    await floor.accept("c1", "anna")
    assert await refused(floor.decline("c1", "anna")) == "not_offered"
    for attempt in (floor.write("c1", "ben", "m", "x"), floor.end("c1", "ben", "done"), floor.conversation("c1", "ben"),
                    floor.turn_away("c1", "ben"), floor.accept("c9", "ben"), floor.conversation("c9", "ben")):  # fmt: skip
        assert await refused(attempt) == "not_yours"


async def test_what_is_relayed_to_a_contact_that_is_over_or_unknown_is_refused(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.cancel("c1")
    message: dict[str, Any] = {"text": "hello?", "media": [], "choice": None}
    assert await refused(center.floor.relay("c1", "m1", message)) == "unknown_distribution"
    assert await refused(center.floor.relay("c2", "m1", message)) == "unknown_distribution"


async def test_a_contact_is_forgotten_some_time_after_its_end(center):
    await center.hire("anna")
    await center.call("c1")
    await center.floor.accept("c1", "anna")
    assert await center.redis.pttl(f"{center.floor.prefix}contact:c1") == -1
    await center.floor.end("c1", "anna", "done")
    for kind in ("contact", "messages"):
        assert 0 < await center.redis.pttl(f"{center.floor.prefix}{kind}:c1") <= SETTINGS.keep_seconds * 1000


# Races.


async def test_of_taking_back_and_accepting_at_once_exactly_one_wins(center):
    await center.hire("anna")
    won = set()
    for number in range(60):
        contact = f"c{number}"
        await center.call(contact)
        accepting, _ = await asyncio.gather(
            *([center.floor.accept(contact, "anna"), center.floor.cancel(contact)] if number % 2 else
              [_later(center.floor.accept(contact, "anna")), center.floor.cancel(contact)]),
            return_exceptions=True,
        )  # fmt: skip
        told = await center.told(contact)
        assert told == ([("accepted",)] if accepting is None else [])
        won.add(accepting is None)
        assert await center.offers("anna") + await center.conversations("anna") == []
    assert won == {True, False}


async def _later(attempt):
    await asyncio.sleep(0.002)
    await attempt


async def test_of_many_who_accept_one_contact_only_the_one_who_is_asked_has_it(center):
    for number in range(8):
        await center.hire(f"agent{number}")
    await center.call("c1")
    results = await asyncio.gather(*(center.floor.accept("c1", agent) for agent in center.agents), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert await center.told("c1") == [("accepted",)]
