import pytest

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import KINDS
from processor.flow.batch import BesideBatch, read_batch
from processor.flow.document import canonical, content_hash, load
from processor.flow.publication import absorb, delete, key_of, prepare, retire
from schemas.codec import Codec
from tests.flow.documents import END, ENTRY_POINT, QUESTION, WEB_SERVICE, document, faults_of, flow

CHECKPOINT = {"kind": "checkpoint", "id": "c-1", "reference": "qualified"}
TAG = {"type": "add_checkpoint", "checkpoint": {"reference": "qualified"}, "links": {"ok": "end", "reference_not_found": "end"}}


@pytest.fixture
def log():
    return DefinitionLog()


def prepared(log, *documents, at=7):
    named = [(f"{number}.yaml", given) for number, given in enumerate(documents)]
    return prepare(named, log, action_types(), author="ana", at=at)


def written(log, *records):
    """Write records to a topic, as bytes, and read them back into a log."""
    codec = Codec()
    for record in records:
        name, datum = codec.decode(codec.encode("definition", record))
        assert name == "definition"
        assert absorb(log, log.offset + 1, datum, action_types()) is None


def published(log, *documents):
    publication = prepared(log, *documents)
    written(log, *publication.records)
    return publication


def test_a_flow_is_published_as_the_first_version(log):
    publication = prepared(log, document())
    assert publication.records == (
        {
            "kind": "flow",
            "id": "support",
            "reference": "support",
            "version": 1,
            "status": "published",
            "document": canonical(document()),
            "content_hash": content_hash(document()),
            "published_at": 7,
            "author": "ana",
        },
    )
    assert publication.lines == ("flow support: published as version 1",)
    assert key_of(publication.records[0]) == b"flow:support"


def test_preparing_changes_nothing(log):
    prepared(log, document(), CHECKPOINT)
    assert log.offset == -1


def test_entities_are_written_before_the_flows_that_name_them(log):
    publication = published(log, document({"tag": TAG}), WEB_SERVICE, CHECKPOINT, ENTRY_POINT)
    assert [key_of(record) for record in publication.records] == [
        b"web_service:ws-1",
        b"checkpoint:c-1",
        b"entry_point:web",
        b"flow:support",
    ]
    assert publication.lines == (
        "web_service order_status: published",
        "checkpoint qualified: published",
        "entry_point web: published",
        "flow support: published as version 1",
    )
    now = log.newest()
    assert now.production("support").content_hash == content_hash(document({"tag": TAG}))
    assert now.by_reference("checkpoint", "qualified").id == "c-1"
    assert now.entry_point("web_chat", "demo").flow == "support"


def test_what_has_not_changed_is_left_out(log):
    everything = (document({"tag": TAG}), CHECKPOINT, ENTRY_POINT)
    published(log, *everything)
    publication = prepared(log, *everything, at=8)
    assert publication.records == ()
    assert publication.lines == (
        "checkpoint qualified: unchanged",
        "entry_point web: unchanged",
        "flow support: unchanged, version 1 stays in service",
    )


def test_versions_count_up_and_keep_their_flows(log):
    for text in ("one", "two", "one"):
        published(log, document(name=text))
    now = log.newest()
    assert [now.flow("support", version).name for version in (1, 2, 3)] == ["one", "two", "one"]
    assert now.production("support").version == 3


def test_after_a_retirement_the_numbers_go_on(log):
    published(log, document(name="one"))
    published(log, document(name="two"))
    written(log, retire(log, "support", author="ana", at=9))
    assert log.newest().production("support") is None
    assert log.newest().flow("support", 2).name == "two"
    assert published(log, document(name="two")).lines == ("flow support: published as version 3",)


def test_only_what_is_there_is_retired_or_deleted(log):
    published(log, CHECKPOINT)
    assert retire_fault(log) == ['ref: expected a flow in service; found "support"']
    assert faults_of(lambda: delete(log, "web_service", "ws-1", author="ana", at=9)) == [
        'id: expected the id of a web service; found "ws-1"'
    ]
    written(log, delete(log, "checkpoint", "c-1", author="ana", at=9))
    assert log.newest().entity("checkpoint", "c-1") is None
    assert log.newest().by_reference("checkpoint", "qualified") is None


def retire_fault(log):
    return faults_of(lambda: retire(log, "support", author="ana", at=9))


def test_all_faults_of_all_documents_are_told_and_nothing_is_prepared(log):
    ring = {"a": {"type": "node", "links": {"ok": "a"}}}
    documents = (
        document({"it": {"type": "paus"}}, ref="one"),
        document(ring, ref="two"),
        {**CHECKPOINT, "id": ""},
        document({"tag": TAG}),
        {"kind": "flwo"},
    )
    faults = faults_of(lambda: prepared(log, *documents))
    assert [fault.partition(": expected")[0] for fault in faults] == [
        "0.yaml: actions.it.type",
        "2.yaml: id",
        "4.yaml: kind",
        "1.yaml: actions.a",
        "3.yaml: actions.tag.checkpoint.reference",
    ]
    assert faults[2] == f'4.yaml: kind: expected one of flow, {", ".join(KINDS)} (did you mean `flow`?); found "flwo"'
    assert faults[4].startswith(
        "3.yaml: actions.tag.checkpoint.reference: expected a document without unknown_reference; found there is no checkpoint"
    )


def test_a_fault_of_the_whole_document_is_told_by_the_name_of_its_file(log):
    assert faults_of(lambda: prepared(log, {"kind": ["flow"]})) == [
        f"0.yaml: kind: expected one of flow, {', '.join(KINDS)}; found a list of 1"
    ]
    assert [fault.partition(":")[0] for fault in faults_of(lambda: prepared(log, {}))] == ["0.yaml"] * 5


def test_flows_that_hand_over_to_each_other_are_published_together(log):
    def over_to(reference):
        links = {"not_found": "end", "maximum_distributions_reached": "end"}
        return {"go": {"type": "distribution_to_smart_routing", "smart_routing": {"reference": reference}, "links": links}}

    one, two = document(over_to("two"), ref="one"), document(over_to("one"), ref="two")
    assert len(faults_of(lambda: prepared(log, one))) == 1
    published(log, one, two)
    assert [made.reference for made in log.newest().flows()] == ["one", "two"]
    published(log, document(over_to("two"), ref="one", name="changed"))
    assert log.newest().production("one").version == 2


def test_warnings_are_told_and_do_not_block(log):
    asking = document({"ask": {**QUESTION, "links": {"ok": "end"}}}, variables={"order": {"number": "number"}})
    publication = published(log, asking, {**ENTRY_POINT, "end_of_interaction": "farewell"})
    assert [(name, finding.code, finding.path) for name, finding in publication.warnings] == [
        ("1.yaml", "unknown_flow", "end_of_interaction"),
        ("0.yaml", "unlinked_branch", "actions.ask.links.error"),
        ("0.yaml", "unlinked_branch", "actions.ask.links.maximum_attempts_reached"),
        ("0.yaml", "unlinked_timeout", "actions.ask.links.response_time_exceeded"),
    ]


def test_an_entry_point_with_a_flow_of_the_wrong_type_is_a_warning(log):
    opening, tail = document(variables={}), document(ref="farewell", type="end_of_interaction", variables={})
    entry = {**ENTRY_POINT, "flow": "farewell", "end_of_interaction": "support"}
    assert [(finding.code, finding.path) for _, finding in prepared(log, opening, tail, entry).warnings] == [
        ("unfit_flow", "flow"),
        ("unfit_flow", "end_of_interaction"),
    ]
    assert prepared(log, opening, tail, {**ENTRY_POINT, "end_of_interaction": "farewell"}).warnings == ()


@pytest.mark.parametrize(
    ("documents", "fault"),
    [
        ((document(), document(name="again")), '1.yaml: ref: expected a flow that no other document has; found "support", as in 0.yaml'),
        (
            (CHECKPOINT, {**CHECKPOINT, "reference": "x"}),
            '1.yaml: id: expected a checkpoint id that no other document has; found "c-1", as in 0.yaml',
        ),
        (
            (CHECKPOINT, {**CHECKPOINT, "id": "c-2"}),
            '1.yaml: reference: expected a checkpoint reference that no other document has; found "qualified", as in 0.yaml',
        ),
        (
            (ENTRY_POINT, {**ENTRY_POINT, "id": "two", "reference": "two"}),
            '1.yaml: account: expected a channel account that no other document has; found "web_chat demo", as in 0.yaml',
        ),
    ],
)
def test_documents_of_a_batch_share_no_name(log, documents, fault):
    assert faults_of(lambda: prepared(log, *documents)) == [fault]


def test_a_name_that_another_published_entity_has_is_refused(log):
    published(log, CHECKPOINT, ENTRY_POINT)
    assert faults_of(lambda: prepared(log, {**CHECKPOINT, "id": "c-2"})) == [
        '0.yaml: reference: expected a reference that no other published entity has; found that of "c-1"'
    ]
    assert faults_of(lambda: prepared(log, {**ENTRY_POINT, "id": "two", "reference": "two"})) == [
        '0.yaml: account: expected an account that no other published entry point has; found that of "web"'
    ]


def test_entities_can_swap_their_names_in_one_publication(log):
    published(log, CHECKPOINT, {**CHECKPOINT, "id": "c-2", "reference": "lost"})
    published(log, {**CHECKPOINT, "reference": "lost"}, {**CHECKPOINT, "id": "c-2"})
    assert log.newest().by_reference("checkpoint", "lost").id == "c-1"
    assert log.newest().by_reference("checkpoint", "qualified").id == "c-2"


def test_an_account_can_change_hands_in_one_publication(log):
    published(log, document(), ENTRY_POINT)
    published(log, {**ENTRY_POINT, "account": "old"}, {**ENTRY_POINT, "id": "two", "reference": "two"})
    assert log.newest().entry_point("web_chat", "demo").id == "two"
    assert log.newest().entry_point("web_chat", "old").id == "web"


def test_a_batch_is_seen_as_if_it_were_published(log):
    published(log, document(), CHECKPOINT, ENTRY_POINT, WEB_SERVICE)
    renamed = {**CHECKPOINT, "reference": "done"}
    moved = {**ENTRY_POINT, "account": "new"}
    batch = read_batch([("a", document(ref="other")), ("b", renamed), ("c", moved), ("d", document(name="changed"))], action_types())
    seen = BesideBatch(batch, log)
    assert [(made.reference, made.name) for made in seen.flows()] == [("other", "Support"), ("support", "changed")]
    assert seen.flow("support", 1) is log.newest().flow("support", 1)
    assert (seen.latest_version("support"), seen.latest_version("other")) == (1, 0)
    assert (seen.production("support"), seen.production("nothing")) == (batch.flows["d"], None)
    assert seen.entity("checkpoint", "c-1") is batch.entities["b"]
    assert seen.entity("web_service", "ws-1") is log.newest().entity("web_service", "ws-1")
    assert seen.by_reference("checkpoint", "done") is batch.entities["b"]
    assert seen.by_reference("checkpoint", "qualified") is None
    assert seen.by_reference("web_service", "order_status") is log.newest().entity("web_service", "ws-1")
    assert seen.entry_point("web_chat", "new") is batch.entities["c"]
    assert seen.entry_point("web_chat", "demo") is None
    assert seen.offset == log.offset


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"document": "{"}, "expected YAML; found a fault in it"),
        ({"document": ""}, "expected one YAML document; found nothing"),
        ({"document": "{}"}, "ref: expected a value, which is required; found nothing"),
        ({"id": "other"}, 'id: expected "other", as the record says; found "support"'),
        ({"kind": "ticket"}, f'kind: expected one of flow, {", ".join(KINDS)}; found "ticket"'),
        ({"kind": "checkpoint"}, f"kind: expected one of {', '.join(KINDS)}; found nothing"),
        ({"status": "drafted"}, 'status: expected published, retired (flows) or deleted (others); found "drafted"'),
        ({"status": "deleted"}, 'status: expected published, retired (flows) or deleted (others); found "deleted"'),
        ({"kind": "checkpoint", "status": "retired"}, 'status: expected published, retired (flows) or deleted (others); found "retired"'),
        (
            {"kind": "checkpoint", "document": canonical(WEB_SERVICE)},
            'kind: expected "checkpoint", as the record says; found "web_service"',
        ),
        ({"kind": "web_service", "document": canonical(WEB_SERVICE)}, 'id: expected "support", as the record says; found "ws-1"'),
    ],
)
def test_a_record_that_cannot_be_read_is_skipped_and_told(log, changes, problem):
    (record,) = prepared(log, document()).records
    told = str(absorb(log, 5, {**record, **changes}, action_types()))
    assert told.startswith(f"definition {changes.get('kind', 'flow')}:{changes.get('id', 'support')} at offset 5 is skipped: ")
    assert problem in told
    assert log.offset == 5
    assert log.newest().flows() == []


def test_a_published_flow_is_what_its_author_checked(log):
    text = "ref: support\ntimezone: Europe/Paris\nlocale: fr\ncountry: FR\nactions: {start: {type: start, links: {ok: end}}}"
    published(log, load(text))
    again = log.newest().production("support")
    assert again.version == 1
    assert again.content_hash == content_hash(load(text))
    assert again.actions == flow({"start": {"type": "start", "links": {"ok": "end"}}}).actions
    assert END["links"] == again.actions["start"].links


def test_what_changes_is_given_beside_what_is_published(log):
    published(log, document(name="one"), CHECKPOINT, WEB_SERVICE)
    publication = prepared(log, document(name="two"), document(ref="other"), {**CHECKPOINT, "name": "Named"}, WEB_SERVICE)
    now = log.newest()
    assert [(before, after.name, after.version) for before, after in publication.flows] == [
        (now.version("support", 1), "two", 2),
        (None, "Support", 1),
    ]
    assert [(before, after.name) for before, after in publication.entities] == [(now.entity("checkpoint", "c-1"), "Named")]
    assert publication.kept == ()
    assert prepared(log, document(name="one")).kept == (now.production("support"),)


def test_after_a_retirement_a_flow_is_beside_its_last_version(log):
    published(log, document(name="one"))
    written(log, retire(log, "support", author="ana", at=9))
    assert [before.version for before, _ in prepared(log, document(name="one")).flows] == [1]


def test_a_rename_is_told_with_those_who_use_the_old_reference(log):
    other = {"kind": "checkpoint", "id": "c-2", "reference": "unused"}
    published(log, document({"tag": TAG}), document({"tag": TAG}, ref="other"), CHECKPOINT, other)
    publication = prepared(log, {**CHECKPOINT, "reference": "done"}, {**other, "reference": "still_unused"})
    assert publication.lines == (
        "checkpoint done: published, renamed from qualified",
        "checkpoint still_unused: published, renamed from unused",
    )
    assert [(name, str(finding)) for name, finding in publication.warnings if finding.code == "old_reference"] == [
        (
            "0.yaml",
            (
                "reference: flow other, flow support still name this checkpoint `qualified`, which it is no longer; "
                "publish them with `done`, or keep the reference"
            ),
        )
    ]
    follows = {**TAG, "checkpoint": {"reference": "done"}}
    together = prepared(log, {**CHECKPOINT, "reference": "done"}, document({"tag": follows}))
    [warning] = [finding.message for _, finding in together.warnings if finding.code == "old_reference"]
    assert warning.startswith("flow other still names this checkpoint")


def test_a_batch_gives_its_entities_with_the_published_ones(log):
    published(log, CHECKPOINT, WEB_SERVICE)
    batch = read_batch([("a", {**CHECKPOINT, "reference": "done"}), ("b", {**CHECKPOINT, "id": "c-2"})], action_types())
    assert [(entity.entity_kind, entity.id, entity.reference) for entity in BesideBatch(batch, log).entities()] == [
        ("checkpoint", "c-1", "done"),
        ("checkpoint", "c-2", "qualified"),
        ("web_service", "ws-1", "order_status"),
    ]
    written(log, delete(log, "checkpoint", "c-1", author="ana", at=9))
    assert [entity.id for entity in log.newest().entities()] == ["ws-1"]
