"""The id of a conversation."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.conversation import DEVELOPMENT_KEY, conversation_id

KEY = "a key of the tests, long enough"
PART = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def test_the_same_customer_on_the_same_account_has_the_same_id_for_good():
    """Changing it would part every customer from his conversation."""
    assert conversation_id("web_chat", "demo", "ann", key=KEY) == conversation_id("web_chat", "demo", "ann", key=KEY)
    assert conversation_id("whatsapp", "+33123456789", "+33612345678", key=KEY) == "45aff21c53dcca2600a393e1a3b20db6"


def test_an_id_is_32_hexadecimal_digits_and_tells_nothing_of_the_address():
    found = conversation_id("whatsapp", "+33123456789", "+33612345678", key=KEY)
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert "612345678" not in found


@given(st.tuples(PART, PART, PART), st.tuples(PART, PART, PART))
def test_other_parts_give_another_id_however_they_are_cut(parts, others):
    same = parts == others
    assert (conversation_id(*parts, key=KEY) == conversation_id(*others, key=KEY)) is same


def test_parts_do_not_run_together():
    assert (
        len({conversation_id(*parts, key=KEY) for parts in (("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("d", "c", "ab"))}) == 4
    )


def test_another_key_gives_another_id(monkeypatch):
    ours = conversation_id("web_chat", "demo", "ann", key=KEY)
    assert conversation_id("web_chat", "demo", "ann", key="another key of the tests") != ours
    assert conversation_id("web_chat", "demo", "ann", key="x" * 10_000) != ours, "a key of any length counts whole"
    monkeypatch.setenv("SMART_ROUTING_CONVERSATION_KEY", KEY)
    assert conversation_id("web_chat", "demo", "ann") == ours
    monkeypatch.delenv("SMART_ROUTING_CONVERSATION_KEY")
    assert conversation_id("web_chat", "demo", "ann") == conversation_id("web_chat", "demo", "ann", key=DEVELOPMENT_KEY)


@pytest.mark.parametrize(("parts", "named"), [(("", "a", "b"), "channel"), (("a", "", "b"), "account"), (("a", "b", ""), "address")])
def test_an_empty_part_is_refused(parts, named):
    with pytest.raises(ValueError, match=f"conversation_id: {named}: expected text, found nothing"):
        conversation_id(*parts, key=KEY)
