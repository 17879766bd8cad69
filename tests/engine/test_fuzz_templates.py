"""Whatever an author writes and whatever a customer writes, a template renders within its bounds, or fails as one."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processor.engine.definitions import DefinitionLog
from processor.engine.errors import TemplateFailed
from processor.engine.events import Continued, Media
from processor.engine.interaction import Checkpoint, Customer, Interaction, Last, Message
from processor.engine.limits import MISSING_NAME_CHARACTERS, MISSING_NAMES, TEMPLATE_OUTPUT_BYTES
from processor.engine.rendering import ENVIRONMENT
from processor.engine.template import Template
from processor.engine.visit import Visit
from tests.flows import flow_of
from tests.talk import MONDAY

NAMES = [
    *("v.text", "v.number", "v.flag", "v.nothing", "v['text']", "w", "w.x", "nobody", "partial", "now", "today", "checkpoints"),
    *("checkpoints.first", "message", "message.text", "message.media", "message.media[0].url", "customer.name", "last.reason"),
    "interaction.number",
]
LITERALS = [
    *("1", "0", "-1", "2.5", "'a'", "'{{ v.text }}'", "true", "nil", "empty", "blank", "(1..3)", "(v.number..9)", "99999999999999999999")
]
VALUE = st.sampled_from([*NAMES, *LITERALS])
FILTER = st.builds(
    lambda name, arguments: f" | {name}" + (f": {', '.join(arguments)}" if arguments else ""),
    st.sampled_from(sorted(ENVIRONMENT.filters)),
    st.lists(VALUE, max_size=3),
)
EXPRESSION = st.builds(lambda value, filters: value + "".join(filters), VALUE, st.lists(FILTER, max_size=3))
TEST = st.builds(
    lambda left, operator, right: f"{left} {operator} {right}",
    VALUE,
    st.sampled_from(["==", "!=", "<", ">=", "<>", "contains", "and", "or"]),
    VALUE,
)
OUTPUT = st.builds(lambda expression: f"{{{{ {expression} }}}}", EXPRESSION)
WORDS = st.sampled_from(["Hello ", "\n", "}}", "%}", "{", "é", "🙂", " "]) | st.text(max_size=8)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return texts and tags around templates."""
    body = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        body,
        st.builds(lambda test, then, other: f"{{% if {test} %}}{then}{{% else %}}{other}{{% endif %}}", TEST, body, body),
        st.builds(lambda test, then: f"{{% unless {test} %}}{then}{{% endunless %}}", TEST, body),
        st.builds(lambda over, then: f"{{% for i in {over} %}}{then}{{{{ i }}}}{{% endfor %}}", VALUE, body),
        st.builds(lambda over, then: f"{{% tablerow i in {over} cols:2 %}}{then}{{% endtablerow %}}", VALUE, body),
        st.builds(lambda made, then: f"{{% assign v = {made} %}}{then}", EXPRESSION, body),
        st.builds(lambda then: f"{{% capture w %}}{then}{{% endcapture %}}{{{{ w }}}}", body),
        st.builds(lambda on, one, then: f"{{% case {on} %}}{{% when {one} %}}{then}{{% endcase %}}", VALUE, VALUE, body),
        st.builds(lambda one, other: f"{{% cycle {one}, {other} %}}", VALUE, VALUE),
        st.builds(lambda then: f"{{% raw %}}{then}{{% endraw %}}", body),
        st.builds(lambda then: f"{{% comment %}}{then}{{% endcomment %}}", body),
        st.builds(lambda made: f"{{% liquid assign a = {made}\necho a %}}", EXPRESSION),
        st.sampled_from(["{% break %}", "{% continue %}", "{% echo v.text | upcase %}", "{%- if true -%} x {%- endif -%}"]),
    )


SOURCES = st.one_of(
    st.recursive(st.one_of(OUTPUT, WORDS, OUTPUT), blocks, max_leaves=12),
    st.recursive(st.one_of(OUTPUT, WORDS, OUTPUT), blocks, max_leaves=12),
    st.lists(st.sampled_from(["{{", "}}", "{%", "%}", "|", ":", "'", ".", "if", "for", "x", "in", "1", " ", "-"]) | WORDS).map("".join),
    st.text(max_size=60),
)
CUSTOMERS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["{{ v.text }}", "{% for i in (1..9) %}x{% endfor %}", "x" * 30_000, "🙂" * 10_000, "a,b,,c", "<b>&amp;", "\r\n\r"]),
)


def visit(said: str) -> Visit:
    """Return a visit of an interaction whose customer said something."""
    fields = {"text": said, "number": "12.5", "flag": "true"}
    interaction = Interaction(
        "talk", 1, Customer("web_chat", "site", "+33612345678", said[:20], "fr"), "main", 1, MONDAY, MONDAY,
        variables={"v": {name: value for name, value in fields.items() if value}, "w": {"x": said or "?"}},
        message=Message(said, (Media("https://example.org/a.png", "image/png"),)), last=Last("ask", "error", "timeout"),
        checkpoints=(Checkpoint("asked", "a", MONDAY), Checkpoint(said, "b", MONDAY)),
    )  # fmt: skip
    flow = flow_of({}, variables={"v": {"text": "text", "number": "number", "flag": "boolean"}})
    return Visit(flow, interaction, Continued(MONDAY), DefinitionLog().newest())


def rendered(template: Template, scope: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the text, or the failure's words, and the names that were missing."""
    missing: list[str] = []
    failure: TemplateFailed | None = None
    text = ""
    try:
        text = template.render(scope, missing)
    except TemplateFailed as failed:
        failure = failed
    if failure is not None:
        assert failure.reason in ("template_error", "template_limit")
        assert "\n" not in str(failure)
        return str(failure), missing
    assert len(text.encode()) <= TEMPLATE_OUTPUT_BYTES
    assert len(missing) <= max(MISSING_NAMES, len(template.paths))
    assert all(len(name) <= MISSING_NAME_CHARACTERS for name in missing)
    return text, missing


def compiled(source: str) -> Template | None:
    """Return a template; None where its source is refused in words that can be shown."""
    refusal = ""
    try:
        return Template(source)
    except ValueError as refused:
        refusal = str(refused)
    assert refusal.startswith(
        ("a template of at most", "a Liquid template, found a fault in it: ", "a filter of standard Liquid", "expressions")
    )
    assert "\n" not in refusal
    return None


@settings(max_examples=700)
@given(SOURCES, CUSTOMERS)
def test_any_template_is_refused_fails_or_renders_within_its_bounds_and_always_the_same(source: str, said: str) -> None:
    template = compiled(source)
    if template is not None:
        assert rendered(template, visit(said).scope) == rendered(template, visit(said).scope)
        assert template == Template(source)


@settings(max_examples=150)
@given(CUSTOMERS, st.text(max_size=10))
def test_what_a_customer_wrote_is_never_evaluated(said: str, around: str) -> None:
    before = around.replace("{", "(")
    plain, filtered = Template(f"{before}{{{{ message.text }}}}"), Template(f"{before}{{{{ message.text | append: '' }}}}")
    for template in (plain, filtered):
        text, missing = rendered(template, visit(said).scope)
        assert (text, missing) == (before + said, []) or "template_limit" in text


@settings(max_examples=200)
@given(st.lists(st.sampled_from([f"{{{{ {name} }}}}" for name in NAMES]) | WORDS, max_size=6).map("".join), CUSTOMERS)
def test_the_fast_way_and_the_library_s_agree(source: str, said: str) -> None:
    fast, slow = compiled(source), compiled(source + "{% comment %}too much for the fast way{% endcomment %}")
    if fast is None or slow is None:
        return
    one, other = rendered(fast, visit(said).scope), rendered(slow, visit(said).scope)
    assert one == other or "template_limit" in one[0] + other[0]
