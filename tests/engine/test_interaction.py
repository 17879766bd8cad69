from processor.engine.interaction import Conversation, Customer, Interaction, Wait

HOUR_MS = 3_600_000


def interaction(wait: Wait | None = None, ended: str | None = None) -> Interaction:
    return Interaction("talk", 3, Customer("sms", "1", "2"), "main", 1, 1000, 2000, wait=wait, ended=ended, expires_after_ms=HOUR_MS)


def test_the_id_is_the_conversation_s_and_a_running_number() -> None:
    assert interaction().id == "talk-3"


def test_what_is_due_is_the_deadline_of_the_wait_and_without_one_the_expiry() -> None:
    assert interaction(Wait("w", "time", 5000)).due_at == 5000
    assert interaction(Wait("w", "response")).due_at == interaction().due_at == 2000 + HOUR_MS


def test_expiry_is_counted_from_the_later_of_last_event_and_deadline() -> None:
    assert interaction(Wait("w", "time", 5000)).expires_at == 5000 + HOUR_MS
    assert interaction(Wait("w", "time", 1500)).expires_at == 2000 + HOUR_MS


def test_nothing_is_due_at_rest_or_in_quarantine() -> None:
    assert Conversation("talk").due_at is None
    assert Conversation("talk", interaction=interaction(), quarantined="a fault").due_at is None
    assert Conversation("talk", interaction=interaction()).due_at == 2000 + HOUR_MS


def test_a_tail_has_the_reason_of_the_end_before_it() -> None:
    assert interaction(ended="expired").tail
    assert not interaction().tail
