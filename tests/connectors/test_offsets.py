"""Which offset may be committed."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.framework.offsets import OffsetLedger


def test_nothing_read_is_nothing_to_commit():
    assert OffsetLedger().committable() is None


def test_the_oldest_unfinished_command_holds_the_commit_back():
    ledger = OffsetLedger()
    for offset in (5, 6, 9):
        ledger.begin(offset)
    ledger.finish(9)
    assert (ledger.committable(), ledger.unfinished) == (5, 2)
    ledger.finish(5)
    assert ledger.committable() == 6
    ledger.finish(6)
    assert (ledger.committable(), ledger.unfinished) == (10, 0)


def test_what_is_committed_is_not_committed_again():
    ledger = OffsetLedger()
    ledger.begin(0)
    ledger.finish(0)
    ledger.committed(1)
    assert ledger.committable() is None


@given(st.permutations(range(12)), st.sets(st.integers(0, 40), min_size=12, max_size=12))
def test_in_whatever_order_commands_finish_the_commit_is_the_oldest_unfinished(order, offsets):
    ledger, open_offsets = OffsetLedger(), sorted(offsets)
    last = open_offsets[-1]
    for offset in open_offsets:
        ledger.begin(offset)
    by_place = list(open_offsets)
    for place in order:
        ledger.finish(by_place[place])
        open_offsets.remove(by_place[place])
        assert ledger.committable() == (open_offsets[0] if open_offsets else last + 1)
        assert ledger.unfinished == len(open_offsets)
