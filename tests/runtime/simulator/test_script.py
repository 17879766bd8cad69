import pytest
from pydantic import ValidationError

from processor.flow.faults import translated
from processor.runtime.simulator.script import Answer, Matcher, Rule, Script

FIELDS = {"number": "42", "columns": ({"name": "status", "type": "text"},)}


def matcher(*rules):
    return Matcher([Rule.model_validate(rule) for rule in rules])


def outcomes(found):
    return None if found is None else [answer.outcome for answer in found]


def asked(of, *, name="ReadRow", family="databases", flow="support", action="find", fields=FIELDS):
    return outcomes(of.answers(name, family, flow, action, lambda: fields))


@pytest.mark.parametrize(
    "rule",
    [
        {"command": "ReadRow"},
        {"family": "databases"},
        {"action": "find"},
        {"action": "support/find"},
        {"command": "ReadRow", "where": {"number": 42}},
        {"command": "ReadRow", "where": {"number": "/^4/", "columns": ["..."]}},
    ],
)
def test_a_rule_fits_by_all_that_it_names(rule):
    assert asked(matcher({**rule, "answer": "ok"})) == ["ok"]


@pytest.mark.parametrize(
    "rule",
    [
        {"command": "InsertRow"},
        {"family": "crm"},
        {"action": "found"},
        {"action": "other/find"},
        {"command": "ReadRow", "where": {"number": 43}},
        {"command": "ReadRow", "family": "crm"},
        {"command": "ReadRow", "nth": 2},
    ],
)
def test_a_rule_that_does_not_fit_answers_nothing(rule):
    assert asked(matcher({**rule, "answer": "ok"})) is None


def test_the_first_rule_that_fits_is_taken():
    assert asked(matcher({"command": "ReadRow", "answer": "ok"}, {"family": "databases", "answer": "error"})) == ["ok"]


def test_the_nth_command_is_counted_among_those_that_fit():
    rules = matcher({"command": "ReadRow", "where": {"number": 42}, "nth": 2, "answer": "error"}, {"family": "databases", "answer": "ok"})
    assert [asked(rules), asked(rules, fields={"number": "1"}), asked(rules), asked(rules)] == [["ok"], ["ok"], ["error"], ["ok"]]


def test_fields_are_only_looked_at_where_a_rule_asks_for_them():
    def fields():
        raise AssertionError("nobody asks for them")

    assert matcher({"command": "ReadRow", "answer": "ok"}).answers("ReadRow", "databases", "support", "find", fields) is not None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("silence", []),
        ("ok", [Answer(outcome="ok")]),
        ({"values": {"count": 3, "known": True}}, [Answer(outcome="ok", values={"count": "3", "known": "true"})]),
        ([{"outcome": "queued", "after": "2s"}, {"agent": "Hi"}], [Answer(outcome="queued", after=2000), Answer(agent="Hi")]),
        ({"report": "paid", "after": "1m"}, [Answer(report="paid", after=60_000)]),
    ],
)
def test_an_answer_can_be_written_short(written, read):
    assert Rule.model_validate({"command": "ReadRow", "answer": written}).answer == read


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"answer": "ok"}, "rules[0]: expected a rule that names a command, a family or an action; found none of them"),
        ({"command": "A"}, "rules[0].answer: expected a value, which is required; found nothing"),
        ({"comand": "A", "answer": "ok"}, "rules[0].comand: expected no such key (did you mean `command`?)"),
        ({"command": "A", "answer": {"outcome": "ok", "agent": "x"}}, "expected one of outcome, agent and report; found outcome and agent"),
        ({"command": "A", "answer": ["ok", "silence"]}, "expected silence as the whole answer; found it as one of several"),
        ({"command": "A", "answer": {"after": "soon"}}, "expected a duration such as 30s, 5m, 2h, 3d or 1h30m; found 'soon'"),
        ({"command": "A", "answer": {"values": {"a": [1]}}}, "expected text"),
        (
            {"command": "A", "where": {"a": "/(/"}, "answer": "ok"},
            "expected a regular expression of RE2 between the slashes; found missing )",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(rule, fault):
    document = {"rules": [rule]}
    with pytest.raises(ValidationError) as refused:
        Script.model_validate(document)
    assert fault in "\n".join(map(str, translated(refused.value, Script, document)))
