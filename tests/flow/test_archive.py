"""Archives: what they hold, what is refused, what is renamed, and what clashes."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused
from processor.flow import archive
from processor.flow.archive import MANIFEST, pack, unpack
from processor.flow.document import MAX_BYTES, load
from processor.flow.publication import absorb, prepare
from processor.flow.transfer import clashes, collect, remap
from tests.flow.documents import ENTRY_POINT, WEB_SERVICE, document, faults_of

CHECKPOINT = {"kind": "checkpoint", "id": "c-1", "reference": "qualified", "name": "Qualified — “très” bien"}
SALES = {"kind": "queue", "id": "q-1", "reference": "sales"}
HELP = {"kind": "queue", "id": "q-2", "reference": "help"}
GROUP = {"kind": "queue_group", "id": "g-1", "reference": "all", "queues": ["sales", "help"]}
NOT_FOUND = {"ok": "end", "reference_not_found": "end"}


def tag(reference: str = "qualified", **names: str) -> dict[str, Any]:
    return {"type": "add_checkpoint", "checkpoint": names or {"reference": reference}, "links": NOT_FOUND}


def over(reference: str) -> dict[str, Any]:
    links = {"not_found": "end", "maximum_distributions_reached": "end"}
    return {"type": "distribution_to_smart_routing", "smart_routing": {"reference": reference}, "links": links}


SUPPORT = document({"tag": {**tag(), "links": {**NOT_FOUND, "ok": "go"}}, "go": over("after_hours")})
AFTER_HOURS = document({"tag": {**tag(id="c-1"), "links": {**NOT_FOUND, "ok": "back"}}, "back": over("support")}, ref="after_hours")
EVERYTHING = (SUPPORT, AFTER_HOURS, CHECKPOINT, SALES, HELP, GROUP, WEB_SERVICE)


def lookup(*documents: Mapping[str, Any]) -> Callable[[str, str, str], Mapping[str, Any] | None]:
    def look_up(kind: str, key: str, name: str) -> Mapping[str, Any] | None:
        for given_document in documents:
            of = given_document.get("kind", "flow")
            if of == kind and (given_document.get("ref") if kind == "flow" else given_document[key]) == name:
                return given_document
        return None

    return look_up


def packed(*documents: Mapping[str, Any]) -> bytes:
    return pack(["support"], documents)


def repacked(content: bytes, change: Callable[[dict[str, Any], dict[str, bytes]], None], *, twice: str | None = None) -> bytes:
    """An archive with its manifest and its files changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        files = {name: read.read(name) for name in read.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    change(manifest, files)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archived:
        if manifest:
            archived.writestr(MANIFEST, json.dumps(manifest))
        for name, value in files.items():
            archived.writestr(name, value)
        if twice is not None:
            with pytest.warns(UserWarning, match="Duplicate"):
                archived.writestr(twice, "again")
    return written.getvalue()


def told(*documents: Mapping[str, Any]) -> list[str]:
    return [str(found.get("ref", found.get("reference"))) for found in documents]


def test_a_flow_is_collected_with_all_that_it_depends_on() -> None:
    collected = collect(["support"], lookup(*EVERYTHING), action_types())
    assert told(*collected.documents) == ["qualified", "after_hours", "support"]
    assert (collected.missing, collected.open) == ((), ())


def test_what_entities_name_is_collected_too() -> None:
    spread = {
        "type": "distribution_to_queue",
        "distribution_to": "queue_group",
        "queue_group": {"reference": "all"},
        "links": {"processed": "end", "unprocessed": "end"},
    }
    flow = document({"spread": spread}, ref="spread")
    collected = collect(["spread"], lookup(flow, *EVERYTHING), action_types())
    assert told(*collected.documents) == ["sales", "help", "all", "spread"]


def test_what_is_missing_and_what_only_variables_name_is_told() -> None:
    flow = document({"tag": {**tag("{{ order.status }}"), "links": {**NOT_FOUND, "ok": "lost"}}, "lost": tag("nowhere")})
    collected = collect(["support"], lookup(flow), action_types())
    assert collected.missing == ("flow support: actions.lost.checkpoint: checkpoint `nowhere`",)
    assert collected.open == ("flow support: actions.tag.checkpoint: `{{ order.status }}`",)
    assert faults_of(lambda: collect(["other", "support"], lookup(flow), action_types())) == [
        'ref: expected the reference of a flow; found "other"'
    ]


def test_a_document_that_cannot_be_read_is_refused_by_its_name() -> None:
    broken = document({"tag": {"type": "telepathy"}})
    assert faults_of(lambda: collect(["support"], lookup(broken), action_types())) == [
        'flow "support": actions.tag.type: expected an action type; found "telepathy"'
    ]


def test_what_is_packed_is_unpacked_as_it_was_and_the_same_each_time() -> None:
    documents = collect(["support"], lookup(*EVERYTHING), action_types()).documents
    content = packed(*documents)
    assert [unpacked for _, unpacked in unpack(content)] == list(documents)
    assert content == packed(*documents)
    assert [path for path, _ in unpack(content)] == ["checkpoint/c-1.yaml", "flow/after_hours.yaml", "flow/support.yaml"]


def test_ids_that_look_alike_have_files_of_their_own() -> None:
    alike = [{**CHECKPOINT, "id": identity, "reference": identity} for identity in ("a/b", "A b", "é", "è", "../../x")]
    paths = [path for path, _ in unpack(packed(*alike))]
    assert paths == [
        "checkpoint/a-b.yaml",
        "checkpoint/A-b-2.yaml",
        "checkpoint/checkpoint.yaml",
        "checkpoint/checkpoint-2.yaml",
        "checkpoint/x.yaml",
    ]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=40) | st.sampled_from(
    [
        "yes",
        "1.10",
        "007",
        "~",
        "null",
        "true",
        "12:30",
        "=",
        "- a",
        "a: b",
        "#",
        "'",
        '"',
        " a ",
        "a\nb",
        "\t",
        "2026-01-01",
        "1e3",
        "<<",
        "&a",
        "*a",
        "!a",
        "%",
        "@",
        "`",
    ]
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        TEXTS.filter(str.isprintable), TEXTS | st.integers(-(10**17), 10**17) | st.booleans() | st.none() | st.lists(TEXTS), max_size=5
    )
)
def test_every_value_survives_the_archive(values: dict[str, Any]) -> None:
    given_document = {"kind": "checkpoint", "id": "c", "reference": "r", "values": values}
    [(_, unpacked)] = unpack(packed(given_document))
    assert unpacked == given_document


def test_a_text_that_yaml_would_change_is_kept_as_json() -> None:
    awkward = {**CHECKPOINT, "name": "next line \x85 and \u2028"}
    assert [unpacked for _, unpacked in unpack(packed(awkward))] == [awkward]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 50])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    [fault] = faults_of(lambda: unpack(content))
    assert fault.startswith("document: expected a zip archive that `smart-routing flow export` wrote; found ")


def test_a_damaged_archive_is_refused() -> None:
    content = bytearray(packed(*EVERYTHING))
    for place in range(200, len(content) - 400, 7):
        content[place] ^= 0x55
    with pytest.raises(DocumentRefused):
        unpack(bytes(content))


def without(*names: str) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        for name in names:
            if name == MANIFEST:
                manifest.clear()
            files.pop(name, None)

    return change


def listed(**fields: Any) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    """Change the manifest's first document, and give its file the path that it then has."""

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        first = manifest["documents"][0]
        files[fields.get("path", first["path"])] = files.pop(first["path"])
        first.update(fields)

    return change


def manifested(**fields: Any) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda manifest, _: manifest.update(fields)


def added(name: str, content: bytes) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda _, files: files.update({name: content})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without(MANIFEST), "manifest.json: expected the manifest; found nothing"),
        (without("checkpoint/c-1.yaml"), "checkpoint/c-1.yaml: expected a file, as the manifest says; found nothing"),
        (added("virus.exe", b"x"), "virus.exe: expected no file that the manifest does not name; found one"),
        (manifested(format=2), "manifest.json: format: expected 1; found 2"),
        (manifested(format="1"), "manifest.json: expected a manifest as `smart-routing flow export` writes it; found Expected `int`"),
        (manifested(more=1), "manifest.json: expected a manifest as `smart-routing flow export` writes it; found Object contains unknown"),
        (listed(path="../outside.yaml"), '../outside.yaml: expected the path of a document within the archive; found "../outside.yaml"'),
        (listed(path="/etc/passwd"), "/etc/passwd: expected the path of a document within the archive"),
        (listed(path="a/../../b"), "a/../../b: expected the path of a document within the archive"),
        (listed(path="c:\\b"), "c:\\b: expected the path of a document within the archive"),
        (listed(sha256="0" * 64), f"checkpoint/c-1.yaml: expected the content with the hash {'0' * 64}; found one with"),
        (listed(content_hash="0"), "checkpoint/c-1.yaml: expected a document with the content hash 0; found"),
        (listed(id="c-2"), 'checkpoint/c-1.yaml: expected checkpoint "c-2", as the manifest says; found checkpoint "c-1"'),
        (listed(kind="queue"), 'checkpoint/c-1.yaml: expected queue "c-1", as the manifest says; found checkpoint "c-1"'),
        (added("checkpoint/c-1.yaml", b"a: ["), "checkpoint/c-1.yaml: expected the content with the hash"),
    ],
)
def test_an_archive_that_was_tampered_with_is_refused(change: Any, fault: str) -> None:
    content = repacked(packed(CHECKPOINT), change)
    assert any(found.startswith(fault) for found in faults_of(lambda: unpack(content))), faults_of(lambda: unpack(content))


def test_a_document_that_is_none_is_refused_with_its_place() -> None:
    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files["checkpoint/c-1.yaml"] = b"a: ["
        manifest["documents"][0]["sha256"] = archive._digest(b"a: [")

    assert faults_of(lambda: unpack(repacked(packed(CHECKPOINT), change)))[0].startswith(
        "checkpoint/c-1.yaml: line 2, column 1: expected YAML"
    )


def test_nothing_is_there_twice() -> None:
    twice = repacked(packed(CHECKPOINT), lambda *_: None, twice="checkpoint/c-1.yaml")
    assert faults_of(lambda: unpack(twice)) == ["document: expected each file once; found one twice"]

    def double(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
        manifest["documents"] *= 2

    assert faults_of(lambda: unpack(repacked(packed(CHECKPOINT), double))) == ["manifest.json: expected each path once; found one twice"]


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repacked(packed(CHECKPOINT), lambda _, files: files.update({"checkpoint/c-1.yaml": b" " * 50_000_000}))
    assert len(bomb) < 100_000
    assert faults_of(lambda: unpack(bomb)) == [f"checkpoint/c-1.yaml: expected at most {MAX_BYTES} bytes; found 50000000"]
    monkeypatch.setattr(archive, "MOST_BYTES", 10)
    assert faults_of(lambda: unpack(packed(CHECKPOINT))) == ["document: expected at most 10 bytes of documents; found more"]
    monkeypatch.setattr(archive, "MOST_DOCUMENTS", 1)
    assert faults_of(lambda: unpack(packed(CHECKPOINT, SALES))) == ["manifest.json: documents: expected at most 1 of them; found 2"]


def test_a_header_that_lies_about_a_size_is_found_out() -> None:
    content = bytearray(repacked(packed(CHECKPOINT), lambda _, files: files.update({"checkpoint/c-1.yaml": b" " * 5_000_000})))
    for marker, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.rindex(marker) + place
        content[at : at + 4] = (10).to_bytes(4, "little")
    assert faults_of(lambda: unpack(bytes(content))) != []


def renamed(*pairs: tuple[str | None, str, str]) -> list[Mapping[str, Any]]:
    documents = [(str(number), found) for number, found in enumerate((SUPPORT, AFTER_HOURS, CHECKPOINT, SALES, HELP, GROUP))]
    return remap(documents, {(kind, old): new for kind, old, new in pairs}, action_types())


def test_names_are_exchanged_wherever_they_stand() -> None:
    support, after, checkpoint, sales, _, group = renamed(
        (None, "support", "support_eu"), (None, "qualified", "done"), (None, "c-1", "c-eu"), ("queue", "sales", "sales_eu")
    )
    assert support["ref"] == "support_eu"
    assert after["actions"]["back"]["smart_routing"] == {"reference": "support_eu"}
    assert support["actions"]["go"]["smart_routing"] == {"reference": "after_hours"}
    assert support["actions"]["tag"]["checkpoint"] == {"reference": "done"}
    assert after["actions"]["tag"]["checkpoint"] == {"id": "c-eu"}
    assert (checkpoint["id"], checkpoint["reference"]) == ("c-eu", "done")
    assert (sales["id"], sales["reference"], group["queues"]) == ("q-1", "sales_eu", ["sales_eu", "help"])


def test_nothing_renamed_changes_nothing() -> None:
    assert renamed() == [SUPPORT, AFTER_HOURS, CHECKPOINT, SALES, HELP, GROUP]


def test_names_among_parameters_of_every_shape_are_exchanged_and_those_from_elsewhere_stay() -> None:
    call = {
        "type": "web_service",
        "web_service": {"reference": "order_status"},
        "request_settings": {"number": "order_status"},
        "synchronous": True,
        "variables": [{"response_field": "status", "variable": "order", "field": "status"}],
        "links": {"ok": "tag", "not_ok": "end"},
    }
    flow = document({"call": call, "tag": tag("order_status")})
    [changed, service] = remap([("a", flow), ("b", WEB_SERVICE)], {(None, "order_status"): "status_eu"}, action_types())
    assert changed["actions"]["call"] == {**call, "web_service": {"reference": "status_eu"}}
    assert changed["actions"]["tag"] == tag("order_status"), "a checkpoint of that name is not in the archive"
    assert service == {**WEB_SERVICE, "reference": "status_eu"}


def test_an_entry_point_names_its_flows() -> None:
    entry = {**ENTRY_POINT, "end_of_interaction": "after_hours"}
    documents = [("a", entry), ("b", document()), ("c", document(ref="after_hours", type="end_of_interaction"))]
    [changed, *_] = remap(documents, {(None, "support"): "one", (None, "after_hours"): "two"}, action_types())
    assert (changed["flow"], changed["end_of_interaction"]) == ("one", "two")
    [changed, _] = remap([("a", ENTRY_POINT), ("b", document())], {(None, "support"): "one"}, action_types())
    assert changed == {**ENTRY_POINT, "flow": "one"}


def test_names_that_are_not_there_or_cannot_be_are_refused() -> None:
    assert faults_of(lambda: renamed((None, "nothing", "x"), ("queue", "support", "x"), (None, "sales", "{{ x }}"))) == [
        '--as: expected a name that the archive has; found "nothing"',
        '--as: expected a name that the archive has for a queue; found "support"',
        '--as: expected a name without `{`; found "{{ x }}"',
    ]
    assert faults_of(lambda: renamed((None, "help", "sales")))[0].startswith(
        'queue "q-2": reference: expected a queue reference that no other document has; found "sales"'
    )


def published(*documents: Mapping[str, Any]) -> DefinitionLog:
    log = DefinitionLog()
    named = [(str(number), found) for number, found in enumerate(documents)]
    for record in prepare(named, log, action_types(), author="ana", at=1).records:
        assert absorb(log, log.offset + 1, record, action_types()) is None
    return log


def test_clashes_are_told_in_whole() -> None:
    now = published(document({"tag": tag()}), CHECKPOINT, SALES, HELP).newest()
    coming = [
        document({"tag": tag()}, name="Other"),
        {**CHECKPOINT, "id": "c-9"},
        {**SALES, "reference": "sales_eu"},
        {**HELP, "name": "Help"},
    ]
    assert clashes(coming, now, action_types()) == [
        "flow support: version 1 in service has other content",
        'checkpoint qualified: the published one has the id "c-1", this one "c-9"',
        'queue sales_eu: the published one with the id "q-1" has the reference "sales"',
        "queue help: the published one has other content",
    ]
    assert clashes(coming, now, action_types(), replace=True) == [
        'checkpoint qualified: the published one has the id "c-1", this one "c-9"',
        'queue sales_eu: the published one with the id "q-1" has the reference "sales"',
    ]
    assert clashes([document({"tag": tag()}), CHECKPOINT, document(ref="new")], now, action_types()) == []


def test_a_flow_is_written_in_the_order_of_its_walk() -> None:
    actions = {"z": {**tag(), "links": {"ok": "a", "reference_not_found": "lost"}}, "lost": tag(), "a": tag(), "alone": tag()}
    [(_, unpacked)] = unpack(packed(json.loads(json.dumps(document(actions), sort_keys=True))))
    assert list(unpacked) == ["ref", "name", "timezone", "locale", "country", "variables", "actions"]
    assert list(unpacked["actions"]) == ["start", "z", "a", "lost", "alone"]
    assert list(unpacked["actions"]["z"]) == ["type", "checkpoint", "links"]
    assert dict(unpacked) == document(actions)
    broken = {"ref": "x", "actions": {"a": {"links": {"ok": 5}}, "b": {"links": 5}, "c": {}}}
    assert [found for _, found in unpack(packed(broken))] == [broken]


def test_what_is_written_is_yaml_for_people() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(CHECKPOINT))) as read:
        text = read.read("checkpoint/c-1.yaml").decode()
    assert text == "kind: checkpoint\nid: c-1\nreference: qualified\nname: Qualified — “très” bien\n"
    assert load(text) == CHECKPOINT
