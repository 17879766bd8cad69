import pytest

from processor.engine.definitions import DefinitionLog
from processor.engine.entities import CheckpointDefinition, EntryPoint
from tests.flows import flow_of


def checkpoint(identity: str, reference: str) -> CheckpointDefinition:
    return CheckpointDefinition(id=identity, reference=reference)


def door(identity: str, account: str, flow: str = "main") -> EntryPoint:
    return EntryPoint(id=identity, reference=identity, channel="sms", account=account, flow=flow)


def test_at_first_there_is_nothing() -> None:
    log = DefinitionLog()
    nothing = log.newest()
    assert nothing.offset == -1
    assert nothing.production("main") is None
    assert nothing.entity("checkpoint", "c1") is None
    assert nothing.by_reference("checkpoint", "qualified") is None
    assert nothing.entry_point("sms", "1") is None
    assert nothing.flows() == []


def test_each_offset_keeps_its_own_answers() -> None:
    log = DefinitionLog()
    first, second = flow_of({}, version=1), flow_of({}, version=2)
    log.publish_flow(10, first)
    log.publish(11, checkpoint("c1", "old"))
    log.skip(15)
    log.publish_flow(20, second)
    log.publish(21, checkpoint("c1", "new"))
    log.retire_flow(30, "main", 2)
    log.delete(31, "checkpoint", "c1")
    productions = [log.at(offset).production("main") for offset in (9, 10, 19, 20, 29, 30)]
    assert productions == [None, first, first, second, second, None]
    by_old = [log.at(offset).by_reference("checkpoint", "old") is not None for offset in (10, 11, 20, 21, 31)]
    by_new = [log.at(offset).by_reference("checkpoint", "new") is not None for offset in (11, 20, 21, 30, 31)]
    by_id = [log.at(offset).entity("checkpoint", "c1") is not None for offset in (10, 11, 30, 31)]
    assert (by_old, by_new, by_id) == (
        [False, True, True, False, False],
        [False, False, True, True, False],
        [False, True, True, False],
    )
    assert log.offset == log.newest().offset == 31
    assert log.at(15).offset == 15


def test_a_version_is_there_for_good_from_its_offset_on_in_service_or_not() -> None:
    log = DefinitionLog()
    flow = flow_of({})
    log.publish_flow(5, flow)
    log.retire_flow(6, "main", 1)
    assert log.at(6).flow("main", 1) is flow
    with pytest.raises(AssertionError, match="flow main version 1 is not among the definitions up to offset 4"):
        log.at(4).flow("main", 1)
    with pytest.raises(AssertionError, match="flow main version 2"):
        log.at(6).flow("main", 2)


def test_a_version_s_number_keeps_its_first_flow() -> None:
    log = DefinitionLog()
    first, other = flow_of({}), flow_of({}, locale="de")
    log.publish_flow(0, first)
    log.publish_flow(1, other)
    assert log.newest().flow("main", 1) is first
    assert log.newest().production("main") is first


def test_to_retire_an_older_version_or_none_changes_nothing_in_service() -> None:
    log = DefinitionLog()
    log.publish_flow(0, flow_of({}, version=1))
    log.publish_flow(1, flow_of({}, version=2))
    log.retire_flow(2, "main", 1)
    log.retire_flow(3, "other", 1)
    production = log.newest().production("main")
    assert production is not None
    assert production.version == 2


def test_flows_in_service_are_listed_by_reference() -> None:
    log = DefinitionLog()
    for offset, reference in enumerate(["b", "a", "c"]):
        log.publish_flow(offset, flow_of({}, reference=reference))
    log.retire_flow(3, "c", 1)
    assert [flow.reference for flow in log.newest().flows()] == ["a", "b"]


def test_an_entity_that_is_published_again_under_the_same_reference_is_the_new_one() -> None:
    log = DefinitionLog()
    log.publish(0, door("d1", "1", "first"))
    log.publish(1, door("d1", "1", "second"))
    for known, flow in ((log.at(0), "first"), (log.at(1), "second")):
        entry = known.entry_point("sms", "1")
        assert entry is not None
        assert entry.flow == flow
        assert known.by_reference("entry_point", "d1") is entry


def test_an_entry_point_that_moves_frees_its_old_account() -> None:
    log = DefinitionLog()
    log.publish(0, door("d1", "1"))
    log.publish(1, door("d1", "2"))
    assert log.newest().entry_point("sms", "1") is None
    assert log.newest().entry_point("sms", "2") is not None


def test_what_another_entity_has_taken_over_stays_with_it() -> None:
    log = DefinitionLog()
    log.publish(0, checkpoint("c1", "qualified"))
    log.publish(1, checkpoint("c2", "qualified"))
    log.publish(2, door("d1", "1", "first"))
    log.publish(3, door("d2", "1", "second"))
    log.delete(4, "checkpoint", "c1")
    log.delete(5, "entry_point", "d1")
    taken = log.newest().by_reference("checkpoint", "qualified")
    entry = log.newest().entry_point("sms", "1")
    assert taken is not None
    assert taken.id == "c2"
    assert entry is not None
    assert entry.id == "d2"


def test_to_delete_what_is_not_there_changes_nothing() -> None:
    log = DefinitionLog()
    log.delete(0, "checkpoint", "c1")
    assert log.newest().entity("checkpoint", "c1") is None
    assert log.offset == 0


def test_kinds_do_not_share_references() -> None:
    log = DefinitionLog()
    log.publish(0, checkpoint("x", "x"))
    assert log.newest().by_reference("entry_point", "x") is None
    assert log.newest().entity("entry_point", "x") is None
