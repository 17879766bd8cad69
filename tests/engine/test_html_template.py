import base64
import urllib.parse
from html.parser import HTMLParser

import pytest
from pydantic import BaseModel, ValidationError

from processor.engine.errors import TemplateFailed
from processor.engine.html_template import HTML, UNESCAPED, HtmlTemplate
from processor.engine.rendering import ENVIRONMENT
from processor.engine.template import Template
from processor.engine.values import Number

ATTACK = "<script>\"'&</script>"


class Page(BaseModel):
    body: HtmlTemplate


def rendered(source: str, **scope: object) -> str:
    return HtmlTemplate(source).render(scope, [])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.append(tag)


def tags_of(html: str) -> list[str]:
    parser = _Tags()
    parser.feed(html)
    return parser.tags


def test_values_are_text_and_the_template_is_html() -> None:
    assert rendered("<p>{{ a.b }}</p>", a={"b": ATTACK}) == "<p>&lt;script&gt;&#34;&#39;&amp;&lt;/script&gt;</p>"


def test_a_template_without_variables_stays_as_it_is() -> None:
    template = HtmlTemplate("<p title='&amp;'>")
    assert template.constant == "<p title='&amp;'>"
    assert template.render({}, []) == "<p title='&amp;'>"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ a }}", "&lt;b&gt;"),
        ("{{ a | escape }}", "&lt;b&gt;"),
        ("{{ a | append: '<i>' }}", "&lt;b&gt;<i>"),
        ("{{ '<i>' | append: a }}", "<i>&lt;b&gt;"),
        ("{{ '<i>x' | replace: 'x', a }}", "<i>&lt;b&gt;"),
        ("{{ list | join: '<br>' }}", "&lt;b&gt;<br>&lt;b&gt;"),
        ("{{ list }}", "&lt;b&gt;&lt;b&gt;"),
        ("{% capture c %}<i>{{ a }}{% endcapture %}{{ c }}", "<i>&lt;b&gt;"),
        ("{% for x in list %}{% cycle a, '<i>' %}{% endfor %}", "&lt;b&gt;<i>"),
        ("{% echo a %}", "&lt;b&gt;"),
        ("{% assign x = a %}{{ x }}", "&lt;b&gt;"),
        ("{{ lines | newline_to_br }}", "&lt;b&gt;<br />\n&lt;i&gt;"),
        ("{{ a | default: '<i>' }}{{ nothing | default: a }}", "&lt;b&gt;&lt;b&gt;"),
        ("{{ a | size }} {{ number }} {{ truth }}", "3 12.5 true"),
        ("{% raw %}<b>{{ a }}</b>{% endraw %}", "<b>{{ a }}</b>"),
    ],
)
def test_wherever_a_value_is_written_it_is_escaped(source: str, expected: str) -> None:
    scope = {"a": "<b>", "list": ["<b>", "<b>"], "lines": "<b>\n<i>", "number": Number("12.50"), "truth": True}
    assert rendered(source, **scope) == expected


ARGUMENTS = {
    "append": ": '<i>'", "prepend": ": '<i>'", "remove": ": 'x'", "remove_first": ": 'x'", "remove_last": ": 'x'",
    "replace": ": 'x', '<i>'", "replace_first": ": 'x', '<i>'", "replace_last": ": 'x', '<i>'", "slice": ": 0, 400", "truncate": ": 400",
    "split": ": 'x'", "default": ": 'x'", "join": ": '<i>'", "date": ": '%Y'", "concat": ": a", "map": ": 'x'", "where": ": 'x'",
    "reject": ": 'x'", "find": ": 'x'", "find_index": ": 'x'", "has": ": 'x'",
    **dict.fromkeys(("at_least", "at_most", "divided_by", "minus", "modulo", "plus", "times"), ": 1"),
}  # fmt: skip
DISGUISES = {
    "plain": ATTACK,
    "percent": urllib.parse.quote(ATTACK),
    "base64": base64.b64encode(ATTACK.encode()).decode(),
    "entities": "&lt;script&gt;&amp;lt;script&amp;gt;",
    "broken": "<scr<script>ipt>",
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_no_two_filters_together_give_out_a_tag_that_was_in_a_value(disguise: str) -> None:
    filters = [f"{name}{ARGUMENTS.get(name, '')}" for name in sorted(HTML.filters)]
    given = 0
    for first in filters:
        for second in filters:
            try:
                html = rendered(f"{{{{ a | {first} | {second} }}}}", a=disguise)
            except TemplateFailed:
                continue
            given += 1
            assert set(tags_of(html)) <= {"i", "br"}, (first, second, html)
    assert given > len(filters) ** 2 / 2


@pytest.mark.parametrize("name", UNESCAPED)
def test_a_filter_that_would_not_escape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"a filter that leaves values escaped, found '{name}'"):
        HtmlTemplate(f"{{{{ a | {name} }}}}")


def test_the_language_is_otherwise_that_of_all_templates() -> None:
    assert HTML.tags.keys() == ENVIRONMENT.tags.keys()
    assert HTML.filters.keys() == ENVIRONMENT.filters.keys() - set(UNESCAPED)
    assert rendered("{{ 0.1 | plus: 0.2 }}") == "0.3"


@pytest.mark.parametrize("source", ["{{ a", "{% include 'x' %}", "{{ a | nonsense }}", "x" * 20_000])
def test_what_no_template_may_hold_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"template|filter"):
        HtmlTemplate(source)


def test_bounds_hold() -> None:
    with pytest.raises(TemplateFailed) as failed:
        rendered("{% for x in (1..100000) %}{{ x }}{% endfor %}")
    assert failed.value.reason == "template_limit"


def test_a_document_holds_its_source() -> None:
    page = Page.model_validate({"body": "<p>{{ a }}</p>"})
    assert isinstance(page.body, HtmlTemplate)
    assert page.model_dump(mode="json") == {"body": "<p>{{ a }}</p>"}
    assert Page.model_validate(page.model_dump()) == page
    assert Page(body=page.body).body is page.body
    assert Page.model_json_schema()["properties"]["body"]["format"] == "liquid"


@pytest.mark.parametrize("body", [5, None, "{{ a | safe }}"])
def test_a_document_that_holds_none_is_refused(body: object) -> None:
    with pytest.raises(ValidationError):
        Page.model_validate({"body": body})


def test_one_that_is_no_html_does_not_pass_for_one() -> None:
    with pytest.raises(ValidationError):
        Page.model_validate({"body": Template("{{ a }}")})
