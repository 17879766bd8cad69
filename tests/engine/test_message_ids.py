from hypothesis import given
from hypothesis import strategies as st

from processor.engine.hashing import short_digest
from processor.engine.limits import MESSAGE_IDS
from processor.engine.message_ids import WIDTH, is_seen, remember


def test_the_last_256_are_remembered_oldest_forgotten_first() -> None:
    seen = b""
    for number in range(MESSAGE_IDS + 10):
        seen = remember(seen, f"m{number}")
    assert [number for number in range(MESSAGE_IDS + 10) if not is_seen(seen, f"m{number}")] == list(range(10))
    assert len(seen) == MESSAGE_IDS * WIDTH


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_remembered_is_seen_and_nothing_else(remembered: list[str], other: str) -> None:
    seen = b""
    for message_id in remembered:
        seen = remember(seen, message_id)
    assert all(is_seen(seen, message_id) for message_id in remembered)
    assert is_seen(seen, other) == (other in remembered)


def test_a_digest_that_only_straddles_two_others_is_not_seen() -> None:
    digest = short_digest("m")
    straddled = b"\0" * 4 + digest + b"\0" * 4
    assert not is_seen(straddled, "m")
    assert is_seen(straddled + digest, "m")
