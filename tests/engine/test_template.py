from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from processor.engine.errors import TemplateFailed
from processor.engine.limits import TEMPLATE_OUTPUT_BYTES
from processor.engine.rendering import ENVIRONMENT
from processor.engine.template import Template
from processor.engine.values import Moment, Number

SCOPE: Mapping[str, Any] = {
    "order": {"total": Number("41.50"), "open": True, "shut": False, "note": "as {{ it }} is"},
    "checkpoints": ["a", "b"],
    "message": {"media": [{"url": "u"}]},
    "now": Moment.fromisoformat("2026-03-02T10:00:00+01:00"),
}


def rendered(source: str, scope: Mapping[str, Any] = SCOPE) -> str:
    missing: list[str] = []
    text = Template(source).render(scope, missing)
    assert missing == []
    return text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("no variables at all", "no variables at all"),
        ("", ""),
        ("{{ order.total }}", "41.5"),
        ("{{order.total}} and {{ order['total'] }}", "41.5 and 41.5"),
        ("{{ order.open }} {{ order.shut }}", "true false"),
        ("{{ order.note }}", "as {{ it }} is"),
        ("{{ now }}", "2026-03-02T10:00:00+01:00"),
        ("{{ checkpoints }} {{ checkpoints.size }} {{ checkpoints.first }}", "ab 2 a"),
        ("{{ message.media }}", "{'url': 'u'}"),
        ("{{ message.media[0].url }}", "u"),
        ("{% if order.total > 41 %}{{ order.total }}{% endif %}", "41.5"),
        ("{% for c in checkpoints %}{{ forloop.index }}{{ c }}{% endfor %}", "1a2b"),
        ("{% assign a = order.total | plus: 1 %}{{ a }}", "42.5"),
        ("{% liquid assign a = 1\necho a %}", "1"),
        ("{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}", "{{ x }}"),
        ("{% case order.total %}{% when 41.5 %}yes{% endcase %}", "yes"),
        ("{% capture a %}x{{ order.total }}{% endcapture %}{{ a }}", "x41.5"),
    ],
)
def test_templates_are_liquid(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize("source", ["{{ order.total }}", "a {{ order.open }} {{ order.note }} b", "{{ message.media }}{{ order.shut }}"])
def test_the_fast_way_and_the_library_s_give_the_same_text(source: str) -> None:
    assert rendered(source) == rendered(source + "{% comment %}too much for the fast way{% endcomment %}")


@pytest.mark.parametrize(
    "source",
    [
        "{% if nope.a %}{% elsif order.nope == 'x' %}{% endif %}",
        "{% unless nope.a and order.nope %}{% endunless %}",
        "{% case nope.a %}{% when order.nope %}{% when 'x' %}x{% endcase %}",
        "{% if nope[order.nope] contains 'x' %}{% endif %}",
    ],
)
def test_whoever_asks_whether_there_is_something_is_not_warned_that_there_is_nothing(source: str) -> None:
    missing: list[str] = []
    assert Template(source).render(SCOPE, missing) == ""
    assert missing == []
    inside = Template("{% if true %}{{ nope.a | upcase }}{% endif %}")
    assert inside.render(SCOPE, missing) == ""
    assert missing == ["nope.a"]


@pytest.mark.parametrize(
    "source", ["{{ nope.a }}{{ order.nope }}{{ nope.a }}", "{{ nope.a | upcase }}{{ order.nope | upcase }}{{ nope.a }}"]
)
def test_names_that_are_not_found_render_as_nothing_and_are_told_once(source: str) -> None:
    missing: list[str] = []
    assert Template(source).render(SCOPE, missing) == ""
    assert missing == ["nope.a", "order.nope"]


def test_a_field_of_what_has_no_fields_is_missing() -> None:
    missing: list[str] = []
    assert Template("{{ now.year }}").render(SCOPE, missing) == ""
    assert missing == ["now.year"]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ order.total | money }}", "a filter of standard Liquid, found 'money'"),
        ("{% if order.shut %}{{ order.total | money }}{% endif %}", "a filter of standard Liquid, found 'money'"),
        ("{{ order.total", "a Liquid template, found a fault in it: "),
        ("{% if order.total %}", "a Liquid template, found a fault in it: "),
        ("{% teleport %}", "a Liquid template, found a fault in it: unexpected tag 'teleport'"),
        ("{% include 'other' %}", "unexpected tag 'include'"),
        ("{% render 'other' %}", "unexpected tag 'render'"),
        ("{% increment a %}", "unexpected tag 'increment'"),
        ("{% if 1 %}" * 40 + "{% endif %}" * 40, "block nesting limit reached"),
        ("{% if " + " and ".join(["a"] * 2000) + " %}{% endif %}", "found a fault in it"),
        ("{% if " + " and ".join(["a"] * 150) + " %}{% endif %}", "at most 100 deep, found more"),
        ("{{ " + "9" * 5000 + " }}", "integer string conversion limit"),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_template_is_refused_on_one_line(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match="found") as refused:
        Template(source)
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ 1 | divided_by: 0 }}", "template_error"),
        ("{% if order.total > 'a' %}{% endif %}", "template_error"),
        ("{{ order.note | slice: 'a' }}", "template_error"),
        ("{{ '/w==' | base64_decode }}", "template_error"),
        ("{{ order.note | upcase: 1 }}", "template_error"),
        ("{% break %}", "template_error"),
        ("{{ (1..1000000000) }}", "template_limit"),
        ("{{ (1..1000000000) | join: ',' }}", "template_limit"),
        ("{% for i in (1..1000000000) %}x{% endfor %}", "template_limit"),
        ("{% for i in (1..1000000000) offset: 999999990 %}x{% endfor %}", "template_limit"),
        ("{% for i in (1..99999999999999999999999) limit: 1 %}x{% endfor %}", "template_limit"),
        ("{% assign r = (1..1000000000) %}{% if r contains 'x' %}{% endif %}", "template_limit"),
        ("{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}", "template_limit"),
        ("{% tablerow i in (1..1001) %}x{% endtablerow %}", "template_limit"),
        ("{% for i in (1..1000) %}{% endfor %}" * 400, "template_limit"),
        ("{% for i in (1..1000) %}" + "{% if 1 %}{% endif %}" * 700 + "{% endfor %}", "template_limit"),
        ("{% assign x = 10 %}{% for i in (1..1000) %}{% assign x = x | times: x %}{% endfor %}{{ x }}", "template_limit"),
        ("{% assign a = 'ab' %}{% for i in (1..1000) %}{% assign a = a | append: a %}{% endfor %}", "template_limit"),
        ("{% assign a = long | split: '' %}{% for i in (1..1000) %}{% assign a = a | concat: a %}{% endfor %}", "template_limit"),
        ("{{ long " + "| append: long " * 900 + "}}", "template_limit"),
        ("{{ long " + "| upcase " * 1500 + "}}", "template_limit"),
        ("{{ long | replace: 'x', long }}", "template_limit"),
        ("{{ long | replace: '', long }}", "template_limit"),
        ("{{ long | split: '' | join: long }}", "template_limit"),
        ("{{ long | split: '' | uniq | size }}", "template_limit"),
        ("{% for i in (1..100) %}" + "{% if long contains long %}{% endif %}" * 300 + "{% endfor %}", "template_limit"),
        ("{% for i in (1..100) %}{% cycle long, long %}{% endfor %}", "template_limit"),
        ("{% for i in (1..100) %}{% capture a %}{{ long }}{% endcapture %}{% endfor %}", "template_limit"),
    ],
    ids=lambda text: text[:70],
)
def test_work_is_bounded(source: str, reason: str) -> None:
    scope = {**SCOPE, "long": "x" * (TEMPLATE_OUTPUT_BYTES - 1)}
    with pytest.raises(TemplateFailed) as failed:
        Template(source).render(scope, [])
    assert failed.value.reason == reason
    assert "\n" not in str(failed.value)


def test_a_loop_of_a_thousand_goes_through() -> None:
    assert rendered("{% for i in (1..1000) %}{{ i | modulo: 10 }}{% endfor %}") == "1234567890" * 100


@pytest.mark.parametrize(
    ("source", "path", "paths"),
    [
        ("{{ order.total }}", ("order", "total"), (("order", "total"),)),
        ("{{ now }}", ("now",), (("now",),)),
        ("{{ order['total'] }}", ("order", "total"), (("order", "total"),)),
        ("{{ a.b.c }}", ("a", "b", "c"), (("a", "b", "c"),)),
        (" {{ order.total }}\n", ("order", "total"), (("order", "total"),)),
        ("x{{ order.total }}", None, (("order", "total"),)),
        ("{{ order.total }}{{ order.total }}", None, (("order", "total"),)),
        ("{{ order.total | plus: 1 }}", None, (("order", "total"),)),
        ("{{ message.media[0].url }}", None, (("message", "media", "0", "url"),)),
        ("{{ order[last.reason] }}", None, (("last", "reason"), ("order", "['last', 'reason']"))),
        ("{% if order.total %}{{ order.total }}{% endif %}", None, (("order", "total"),)),
        ("{% assign a = order.total %}{{ a }}", None, (("order", "total"),)),
        ("{{ 'text' }}", None, ()),
        ("text", None, ()),
    ],
)
def test_a_template_tells_what_it_reads(source: str, path: tuple[str, ...] | None, paths: tuple[tuple[str, ...], ...]) -> None:
    assert (Template(source).path, Template(source).paths) == (path, paths)


def test_a_template_without_variables_is_constant() -> None:
    assert Template("hello").constant == "hello"
    assert Template("{{ order.total }}").constant is None
    assert Template("a{{ order.total }}").constant is None
    assert Template("{{ 'hello' }}").constant is None


def test_templates_with_the_same_source_are_equal() -> None:
    assert Template("{{ a.b }}") == Template("{{ a.b }}")
    assert hash(Template("{{ a.b }}")) == hash(Template("{{ a.b }}"))
    assert Template("{{ a.b }}") != Template("{{ a.c }}")
    assert Template("x") != "x"
    assert repr(Template("x")) == "Template('x')"


class Document(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, strict=True)
    text: Template


def test_a_document_may_give_text_numbers_and_truth_values() -> None:
    given = ["x", 5, 1.5, True, Template("x")]
    assert [Document.model_validate({"text": value}).text.source for value in given] == ["x", "5", "1.5", "true", "x"]
    assert Document(text=Template("{{ a.b }}")).model_dump() == {"text": "{{ a.b }}"}
    assert Document.model_json_schema()["properties"]["text"]["format"] == "liquid"


def test_a_document_s_fault_says_what_was_found() -> None:
    with pytest.raises(ValidationError, match="text, found list"):
        Document.model_validate({"text": ["x"]})
    with pytest.raises(ValidationError, match="found 'money'"):
        Document.model_validate({"text": "{{ x | money }}"})


ARGUMENTS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "2.5",
        "'a'",
        "''",
        "'%Y'",
        "order.total",
        "checkpoints",
        "message.media",
        "nope",
        "true",
        "nil",
        "now",
        "(1..3)",
        "99999999999999999999",
    ]
)
FILTER = st.builds(
    lambda name, arguments: f"| {name}" + (f": {', '.join(arguments)}" if arguments else ""),
    st.sampled_from(sorted(ENVIRONMENT.filters)),
    st.lists(ARGUMENTS, max_size=3),
)


@settings(max_examples=400)
@given(value=ARGUMENTS, filters=st.lists(FILTER, min_size=1, max_size=4))
def test_whatever_the_filters_a_template_renders_or_fails_as_one(value: str, filters: list[str]) -> None:
    template = Template(f"{{{{ {value} {' '.join(filters)} }}}}")
    results = []
    for _ in range(2):
        try:
            results.append(template.render(SCOPE, []))
        except TemplateFailed as failed:
            results.append(str(failed))
    assert results[0] == results[1]


@settings(max_examples=300)
@given(st.text(alphabet="{}%|.:'\"[]() abif1endforassigncapturecase,=\n-", max_size=60))
def test_whatever_the_source_it_is_a_template_or_refused(source: str) -> None:
    try:
        template = Template(source)
    except ValueError:
        return
    reason = None
    try:
        template.render(SCOPE, [])
    except TemplateFailed as failed:
        reason = failed.reason
    assert reason in {None, "template_error", "template_limit"}
