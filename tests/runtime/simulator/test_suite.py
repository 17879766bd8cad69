import pytest

from processor.runtime.simulator.suite import SuiteRefused, load_suite
from tests.runtime.simulator.documents import FAREWELL, PACKING, QUEUE, as_yaml

HELLO = [{"customer": "Hi"}]


def faults_of(file):
    with pytest.raises(SuiteRefused) as refused:
        load_suite(file)
    return [f"{name.removeprefix(str(file.parent))}: {fault}" for name, fault in refused.value.faults]


def test_a_test_file_brings_its_flow_and_definitions(tests_of):
    suite = load_suite(tests_of(HELLO))
    assert (suite.flows, [entity.reference for entity in suite.batch.entities.values()]) == (("support",), ["desk", "orders"])
    assert [flow.reference for flow in suite.under_test()] == ["support"]


def test_definitions_may_be_written_in_place_and_a_folder_may_hold_the_flow_itself(tests_of, folder):
    (folder / "farewell.yaml").write_text(FAREWELL, "utf-8")
    suite = load_suite(tests_of(HELLO, definitions=[".", {"kind": "user", "id": "anna", "reference": "anna"}]))
    assert sorted(flow.reference for flow in suite.batch.flows.values()) == ["farewell", "support"]
    assert "anna" in [entity.reference for entity in suite.batch.entities.values()]


def test_scripts_may_be_files(tests_of, folder):
    (folder / "answers.yaml").write_text(as_yaml({"kind": "script", "rules": [PACKING]}), "utf-8")
    own = {"command": "ReadRow", "answer": "ok"}
    suite = load_suite(tests_of({"conversation": "a", "script": [own], "turns": HELLO}, script=["answers.yaml"]))
    assert [rule.command for rule in suite.rules_for(suite.tests.conversations[0])] == ["ReadRow", "CallWebService"]


def test_a_conversation_may_have_other_definitions_and_lack_some(tests_of):
    other = {"kind": "queue", "id": "desk", "reference": "other_desk"}
    suite = load_suite(
        tests_of(
            {"conversation": "other", "definitions": [other], "turns": HELLO},
            {"conversation": "without", "without": ["queue desk", "web_service orders"], "turns": HELLO},
            HELLO,
        )
    )
    other_world, without, whole = [suite.world(talk).definitions for talk in suite.tests.conversations]
    assert other_world.by_reference("queue", "desk") is None
    assert other_world.by_reference("queue", "other_desk") is other_world.entity("queue", "desk")
    assert (without.by_reference("queue", "desk"), without.by_reference("web_service", "orders")) == (None, None)
    assert whole.by_reference("queue", "desk") is not None


def test_all_faults_of_a_test_file_are_told_at_once(tests_of):
    file = tests_of(
        [{"wait": "2h"}],
        {"conversation": "times", "at": "noon", "turns": [*HELLO, {"wait": "long"}, {"wait": "until noon"}]},
        {"conversation": "names", "without": ["queue dsk"], "definitions": ["gone"], "turns": HELLO},
        {"conversation": "rules", "script": [{"command": "ReedRow", "answer": "ok"}, "gone.yaml"], "turns": HELLO},
        {"conversation": "faulty", "definitions": [{"kind": "queue", "id": "q"}], "turns": HELLO},
        exempt={"menu/no": "never"},
        at="now",
    )
    here = "/support.test.yaml: "
    wait = "expected a duration such as 30s, 5m, 2h, 3d or 1h30m; found 'long' (or `until 2026-03-02T18:00`, or `deadline`)"
    without = "expected kind and reference of a definition, such as `queue sales` (did you mean `queue desk`?)"
    expected = [
        'exempt.menu/no: expected action and branch of a flow under test, such as `is_ahead/error`; found "menu/no"',
        "at: expected a time such as 2026-03-02T09:00; found 'now'",
        "conversations[0].turns[0]: expected the customer's first message, which opens the interaction; found something else",
        "conversations[1].at: expected a time such as 2026-03-02T09:00; found 'noon'",
        f"conversations[1].turns[1].wait: {wait}",
        "conversations[1].turns[2].wait: expected a time such as 2026-03-02T09:00; found 'noon'",
        f'conversations[2].without[0]: {without}; found "queue dsk"',
        'conversations[2].definitions[0]: expected the path of a file or folder, from this file\'s folder; found "gone"',
        "conversations[4].definitions[0].reference: expected a value, which is required; found nothing",
    ]
    found = faults_of(file)
    assert [fault for fault in found if "script[0]" not in fault and "gone.yaml" not in fault] == [f"{here}{fault}" for fault in expected]
    told = "\n".join(found)
    assert "conversations[3].script[0].command: expected the name of a command (did you mean `ReadRow`?)" in told
    assert "/gone.yaml: document: expected a file that can be read; found No such file or directory" in told


@pytest.mark.parametrize(
    ("turn", "fault"),
    [
        ({}, "expected one of customer, choose, image, wait, answer, agent, report, operator; found none of them"),
        ({"customer": "Hi", "wait": "2s"}, "found customer and wait"),
        ({"customer": "Hi", "mesages": []}, "conversations[0].turns[0].mesages: expected no such key (did you mean `messages`?)"),
        ({"customer": "Hi", "messages": ["/(/"]}, "expected a regular expression of RE2 between the slashes"),
        ({"customer": "Hi", "path": [{"a": "b", "c": "d"}]}, "expected an action with its branch, such as `find_order: ok`"),
        ({"customer": "Hi", "commands": [{"A": 1}]}, "expected a command by its name with the fields that matter"),
        ({"customer": "Hi", "after": "soon"}, "turns[0].after: expected a duration"),
        ({"customer": "Hi", "variables": {"order": "x"}}, "turns[0].variables.order: expected a mapping"),
    ],
)
def test_what_is_wrong_with_a_turn_is_told(tests_of, turn, fault):
    assert fault in "\n".join(faults_of(tests_of([turn])))


def test_a_field_that_no_flow_declares_is_refused(tests_of):
    talk = {"conversation": "a", "turns": [{**HELLO[0], "variables": {"ordr": {"number": None}, "bill": {"amount": None}}}]}
    (told,) = faults_of(tests_of({**talk, "expect": {"variables": {"order": {"number": None}}}}))
    assert told.startswith("/support.test.yaml: conversations[0].turns[0].variables.ordr.number: expected a field that a flow declares")
    (told,) = faults_of(tests_of({**talk, "turns": HELLO, "expect": {"variables": {"order": {"numbr": None}}}}))
    assert "conversations[0].expect.variables.order.numbr: expected a field that a flow declares (did you mean `order.number`?)" in told


def test_a_flow_that_begins_cannot_be_taken_away(tests_of):
    (told,) = faults_of(tests_of({"conversation": "a", "without": ["flow support"], "turns": HELLO}))
    assert told == '/support.test.yaml: conversations[0].flow: expected a flow "support" of type start; found none'


def test_sentences_must_differ(tests_of):
    talk = {"conversation": "again", "turns": HELLO}
    assert "a sentence of its own for each conversation; found 'again' twice" in faults_of(tests_of(talk, talk))[0]


def test_faults_of_what_it_names_are_told_with_their_files(tests_of, folder):
    (folder / "definitions" / "desk.yaml").write_text(QUEUE.replace("reference", "refrence"), "utf-8")
    (folder / "definitions" / "more.yaml").write_text("a: [", "utf-8")
    (folder / "answers.yaml").write_text("{kind: script, rules: [{family: databses, answer: ok}]}", "utf-8")
    told = "\n".join(faults_of(tests_of(HELLO, script=["answers.yaml"])))
    assert "/definitions/more.yaml: line 2, column 1: expected YAML" in told
    assert "/definitions/desk.yaml: refrence: expected no such key (did you mean `reference`?)" in told
    assert "/answers.yaml: rules[0].family: expected a family of commands (did you mean `databases`?)" in told


@pytest.mark.parametrize(
    "text", ["a: [", "", "[1]", "conversations: []", "\0", "flow: definitions\nconversations: [{conversation: a, turns: [{customer: b}]}]"]
)
def test_what_is_no_test_file_is_refused(folder, text):
    (folder / "x.test.yaml").write_text(text, "utf-8")
    assert faults_of(folder / "x.test.yaml")
