"""Whatever is compared with whatever, a condition holds, does not, or says that it cannot tell; and its answers do not contradict one
another."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from processor.engine.condition import BINARY, Condition, Incomparable, Operator
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import TemplateFailed
from processor.engine.events import Continued
from processor.engine.field_types import FieldType, canonical
from processor.engine.interaction import Checkpoint, Customer, Interaction
from processor.engine.visit import Visit
from tests.flows import flow_of
from tests.talk import MONDAY

TYPES: tuple[str, ...] = get_args(FieldType)
OPERATORS: tuple[str, ...] = get_args(Operator)
TEXTS = st.one_of(
    st.sampled_from(["", "0", "-1", "12.5", "12,5", "1 000", "true", "False", "2026-03-02", "2026-03-29T02:30", "1er mars 2026"]),
    st.sampled_from(["(", "(a+)+$", "\\p{Greek}", "x{1001}", "[[:alpha:]]", "(?i)É", "\\C", "x" * 70_000]),
    st.sampled_from(["+33612345678", "06 12 34 56 78", "a@example.org"]),
    st.text(max_size=12),
    st.dates().map(str),
    st.decimals(allow_nan=False, places=3).map(str),
)
SOURCES = TEXTS | st.sampled_from(["{{ a.it }}", "{{ a.other }}", "{{ a.missing }}", "{{ now }}", "{{ a.it | upcase }}"])
VARIABLES = st.sampled_from(["{{ a.it }}", "{{ a.other }}", "{{ a.missing }}", "{{ a }}", "{{ nobody.x }}", "x{{ a.it }}"])


def visit(declared: str, it: str, other: str, locale: str) -> Visit:
    """Return a visit of an interaction with two values of a type, where the texts are any."""
    flow = flow_of({}, variables={"a": dict.fromkeys(("it", "other", "missing"), declared)}, locale=locale)
    fields = {}
    for name, text in (("it", it), ("other", other)):
        try:
            value = canonical(declared, text, flow)
        except ValueError:
            continue
        if value:
            fields[name] = value
    interaction = Interaction(
        "talk", 1, Customer("sms", "site", "+33612345678"), "main", 1, MONDAY, MONDAY, variables={"a": fields} if fields else {},
        checkpoints=(Checkpoint(it, "a", MONDAY),),
    )  # fmt: skip
    return Visit(flow, interaction, Continued(MONDAY), DefinitionLog().newest())


VISITS = st.builds(visit, st.sampled_from(TYPES), TEXTS, TEXTS, st.sampled_from(["fr", "en", "de"]))


def told(visited: Visit, variable: str, operator: str, value: str) -> bool | str | None:
    """Return whether a condition holds, or the reason why it cannot tell; None where the document is refused."""
    try:
        condition = Condition.model_validate(
            {"variable": variable, "operator": operator, **({"value": value} if operator in BINARY else {})}
        )
    except ValidationError:
        return None
    failure: Incomparable | TemplateFailed | None = None
    try:
        return condition.holds(visited)
    except (Incomparable, TemplateFailed) as failed:
        failure = failed
    assert failure.reason in ("not_comparable", "bad_pattern", "template_error", "template_limit")
    assert len(str(failure)) < 500
    return failure.reason


@settings(max_examples=600)
@given(VISITS, VARIABLES | st.sampled_from(["{{ checkpoints }}", "{{ now }}", "{{ bill.amount }}"]), st.sampled_from(OPERATORS), SOURCES)
def test_any_condition_holds_or_does_not_or_cannot_tell_and_always_says_the_same(
    visited: Visit, variable: str, operator: str, value: str
) -> None:
    assert told(visited, variable, operator, value) == told(visited, variable, operator, value)


@settings(max_examples=400)
@given(VISITS, VARIABLES, SOURCES)
def test_operators_do_not_contradict_one_another(visited: Visit, variable: str, value: str) -> None:
    def says(operator: str) -> bool | str | None:
        return told(visited, variable, operator, value)

    equal, different, least, most = says("="), says("≠"), says("≥"), says("≤")
    if isinstance(equal, bool) and isinstance(least, bool):
        assert {equal, different} != {True}
        assert equal == (least and most)
        assert (least or most) == (equal or bool(different))
    else:
        assert (equal, least) == (different, most)
    assert says("exists") in (not says("does_not_exist"), "template_error", "template_limit")
    assert says("is_empty") == says("does_not_exist")
    if says("starts_with") is True or says("ends_with") is True:
        assert says("contains") is True
    if isinstance(morning := says("is_morning"), bool):
        assert (morning, says("is_afternoon")) in ((True, False), (False, True), (False, False))
