import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine import codec
from processor.engine.events import Media
from processor.engine.interaction import Checkpoint, Conversation, Customer, Interaction, Last, Message, Wait
from processor.engine.message_ids import remember

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.integers(0, 2**53)
waits = st.builds(
    Wait,
    words,
    st.sampled_from(["message", "response", "time"]),
    st.none() | times,
    st.lists(words).map(tuple),
    st.dictionaries(words, words | times),
)
interactions = st.builds(
    Interaction,
    words, st.integers(1, 9), st.builds(Customer, words, words, words, st.none() | words, st.none() | words),
    words, st.integers(1, 99), times, times,
    action=words,
    step=st.integers(0, 999),
    wait=st.none() | waits,
    variables=st.dictionaries(words, st.dictionaries(words, words)),
    message=st.builds(Message, words, st.lists(st.builds(Media, words, words, st.none() | words)).map(tuple), words),
    last=st.builds(Last, words, words, words),
    checkpoints=st.lists(st.builds(Checkpoint, words, words, times)).map(tuple),
    counters=st.dictionaries(words, st.integers(0, 99)),
    hand_overs=st.integers(0, 10),
    end_flow=st.none() | words,
    ended=st.none() | words,
)  # fmt: skip
conversations = st.builds(
    Conversation, words, st.integers(0, 9), st.integers(0, 999), st.binary(max_size=64), st.none() | interactions, st.none() | words
)


@given(conversations)
def test_a_state_comes_back_as_it_was_and_gives_the_same_bytes_again(conversation: Conversation) -> None:
    payload = codec.encode(conversation)
    assert codec.decode(payload) == conversation
    assert codec.encode(codec.decode(payload)) == payload
    assert codec.size(conversation) == len(payload)


@pytest.mark.parametrize("payload", [b"", b"\x00", b"not a state", b"\x81\xa2id\x01"])
def test_bytes_that_are_no_state_are_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode(payload)


def test_a_state_with_fifteen_variables_takes_about_a_kilobyte() -> None:
    seen = b""
    for number in range(8):
        seen = remember(seen, f"message {number}")
    interaction = Interaction(
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1,
        Customer("whatsapp", "33100000000", "33612345678", "Ada", "fr"),
        "support", 3, 1_772_442_000_000, 1_772_442_060_000, action="ask", step=12,
        wait=Wait("talk-1:12", "message", 1_772_442_660_000, ("talk-1:12:1",), {"question": 1}),
        variables={"order": {f"field_{number}": "a value of usual length" for number in range(15)}}, message=Message("Where is my order?"),
    )  # fmt: skip
    assert 700 < codec.size(Conversation(interaction.conversation_id, 1, 9, seen, interaction)) < 1200


def test_what_has_its_default_takes_no_room() -> None:
    assert codec.encode(Conversation("talk")) == b"\x81\xa2id\xa4talk"
