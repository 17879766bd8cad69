"""The local store of a partition."""

from pathlib import Path

import pytest

from processor.engine import codec
from processor.engine.interaction import Conversation, Customer, Interaction, Wait
from processor.state.positions import Positions
from processor.state.store import Change, PartitionStore, StoreUnusable


def payload(name: str, due_at: int) -> bytes:
    wait = Wait(f"{name}-1:1", "time", due_at)
    interaction = Interaction(name, 1, Customer("web_chat", "demo", "ada"), "greeting", 1, 0, 0, wait=wait)
    return codec.encode(Conversation(name, 1, 1, interaction=interaction))


def test_a_batch_is_there_after_the_folder_is_opened_again(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.commit([Change("ada", b"state", None, 500)], Positions(inbound=3, changelog=7))
    store.close()
    again = PartitionStore(tmp_path)
    assert again.get("ada") == b"state"
    assert again.positions == Positions(inbound=3, changelog=7)
    assert list(again.due_before(501)) == [(500, "ada")]
    assert list(again.conversations()) == [("ada", b"state")]
    again.close()


def test_deadlines_come_in_the_order_of_due_time_and_only_those_before(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.commit([Change(name, b"", None, due) for name, due in (("c", 300), ("a", 100), ("b", 200))], Positions())
    assert list(store.due_before(300)) == [(100, "a"), (200, "b")]
    store.commit([Change("a", b"", 100, 900), Change("b", b"", 200, None)], Positions())
    assert list(store.due_before(1000)) == [(300, "c"), (900, "a")]
    store.close()


def test_the_index_follows_from_what_a_restore_reads(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.restore({"ada": payload("ada", 100)}, Positions(changelog=1))
    store.restore({"ada": payload("ada", 200), "bob": payload("bob", 150)}, Positions(changelog=3))
    assert list(store.due_before(1000)) == [(150, "bob"), (200, "ada")]
    store.close()


def test_what_the_index_holds_too_much_can_be_taken_out(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    store.commit([Change("ada", b"", None, 100)], Positions())
    store.commit([], Positions(ticks=1), [(100, "ada")])
    assert list(store.due_before(1000)) == []
    assert store.positions.ticks == 1
    store.close()


def test_a_folder_that_another_holds_is_refused(tmp_path: Path) -> None:
    store = PartitionStore(tmp_path)
    with pytest.raises(StoreUnusable, match="expected a state folder that no other worker has open"):
        PartitionStore(tmp_path)
    store.close()
