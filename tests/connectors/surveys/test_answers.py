"""What a customer sends, held against the questions."""

import pytest

from connectors.surveys.answers import LARGEST_BYTES, LONGEST_TEXT, read
from connectors.surveys.survey import Survey
from tests.connectors.surveys.conftest import OPINION

QUESTIONS = Survey.of(OPINION).questions


def answers(*pairs, questions=QUESTIONS):
    return read([(f"answer.{name}", value) for name, value in pairs], questions)


def test_answers_are_kept_in_canonical_text():
    pairs = [
        ("stars", "4"),
        ("again", "10"),
        ("why", "kind"),
        ("why", "price"),
        ("how", "sms"),
        ("solved", "false"),
        ("more", " a\r\nb\0\x07 "),
    ]
    found = answers(*pairs)
    assert found.problems == {}
    assert found.values == {"stars": "4", "again": "10", "why": "price,kind", "how": "sms", "solved": "false", "more": "a\nb"}


def test_what_is_not_answered_is_left_out():
    assert answers(("stars", "1"), ("again", ""), ("more", "  \n ")).values == {"stars": "1"}


@pytest.mark.parametrize(
    ("pairs", "problems"),
    [
        ([], {"stars": "missing"}),
        ([("stars", "0")], {"stars": "unknown"}),
        ([("stars", "6")], {"stars": "unknown"}),
        ([("stars", "４")], {"stars": "unknown"}),
        ([("stars", "4"), ("stars", "5")], {"stars": "unknown"}),
        ([("stars", "4"), ("again", "11")], {"again": "unknown"}),
        ([("stars", "4"), ("why", "price"), ("why", "magic")], {"why": "unknown"}),
        ([("stars", "4"), ("how", "' OR 1=1 --")], {"how": "unknown"}),
        ([("stars", "4"), ("solved", "maybe")], {"solved": "unknown"}),
        ([("stars", "4"), ("more", "a"), ("more", "b")], {"more": "unknown"}),
        ([("stars", "4"), ("more", "x" * (LONGEST_TEXT + 1))], {"more": "long"}),
        ([("stars", "4"), ("other", "x")], {"": "unknown"}),
    ],
)
def test_what_does_not_fit_is_told_with_its_question(pairs, problems):
    assert answers(*pairs).problems == problems


def test_a_survey_without_any_answer_is_not_taken():
    optional = [question for question in QUESTIONS if not question.required]
    assert answers(("more", " "), questions=optional).problems == {"": "empty"}


def test_all_answers_together_have_a_limit():
    questions = Survey.of({"questions": [{"id": f"t{number}", "text": "?", "kind": "text"} for number in range(20)]}).questions
    fitting = LARGEST_BYTES // 4 // LONGEST_TEXT
    written = [(f"t{number}", "😀" * LONGEST_TEXT) for number in range(fitting)]
    assert answers(*written, questions=questions).problems == {}
    assert answers(*written, (f"t{fitting}", "😀" * LONGEST_TEXT), questions=questions).problems == {"": "long"}
