"""What tests/engine/test_template.py does not show of renderings."""

from io import StringIO

import pytest

from processor.engine.errors import TemplateFailed
from processor.engine.rendering import ENVIRONMENT, Rendering, bound
from processor.engine.template import Template
from processor.engine.values import Moment, Number

NOW = Moment.fromisoformat("2026-03-02T10:00:05+01:00")
SCOPE = {"now": NOW, "today": NOW, "a": {"iso": "2026-03-01", "number": Number(1772442005), "word": "soon", "form": "%d"}, "list": ["x"]}


def rendered(source: str) -> str:
    return Template(source).render(SCOPE, [])


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'now' | date }}", "2026-03-02T10:00:05+01:00"),
        ("{{ 'today' | date: '' }}", "2026-03-02T10:00:05+01:00"),
        ("{{ 'now' | date: '%H:%M' }}", "10:00"),
        ("{{ now | date: '%d/%m/%Y' }}", "02/03/2026"),
        ("{{ now | date: a.form }}", "02"),
        ("{{ now | date: a.nothing }}", "2026-03-02T10:00:05+01:00"),
        ("{{ now | date: '%s %%s %z' }}", "1772442005 %s +0100"),
        ("{{ a.iso | date: '%A' }}", "Sunday"),
        ("{{ a.number | date: '%Y-%m-%d %H:%M' }}", "2026-03-02 09:00"),
        ("{{ 0 | date: '%Y' }}", "1970"),
        ("{{ a.word | date: '%Y' }}", "soon"),
        ("{{ 99999999999999999999 | date: '%Y' }}", "99999999999999999999"),
        ("{{ nothing | date: '%Y' }}", ""),
        ("{{ nil | date }}", ""),
    ],
)
def test_dates_are_the_event_s_and_never_the_machine_s(source: str, text: str) -> None:
    assert rendered(source) == text


def test_a_list_is_no_date() -> None:
    with pytest.raises(TemplateFailed, match="date expected a time, found list"):
        rendered("{{ list | date: '%Y' }}")


def test_without_now_in_the_scope_there_is_no_now() -> None:
    missing: list[str] = []
    assert Template("{{ now }}{{ today }}").render({}, missing) == ""
    assert missing == ["now", "today"]


def test_a_format_that_asks_for_a_mountain_gets_none() -> None:
    assert len(rendered("{{ now | date: '" + "%999999d" * 1000 + "' }}")) < 1000


@pytest.mark.parametrize("tag", ["include", "render", "increment", "decrement", "ifchanged", "doc"])
def test_tags_that_look_elsewhere_or_count_are_gone(tag: str) -> None:
    assert tag not in ENVIRONMENT.tags


def test_filters_work_on_what_a_template_can_make_of_lists() -> None:
    assert rendered("{{ 'b a b' | split: ' ' | uniq | sort | join: '+' }}") == "a+b"
    assert rendered("{{ (1..3) | join: '-' }}") == "1-2-3"
    assert rendered("{{ 'aXbX' | replace: 'X', '12' | replace: 5, 6 }}") == "a12b12"
    assert rendered("{{ (3..1) | join }}{{ (1..'x') | join }}") == ""


def work_of(source: str) -> int:
    template = ENVIRONMENT.from_string(source)
    rendering = Rendering(template, {"long": "&" * 1000, "list": ["&" * 10] * 100}, bound(template))
    template.render_with_context(rendering, StringIO())
    return rendering.work


@pytest.mark.parametrize(
    ("source", "least"),
    [
        ("{{ long }}", 1000),  # looked up
        ("{% assign a = '" + "x" * 1000 + "' %}", 1000),  # kept
        ("{{ '" + "x" * 1000 + "' | size }}", 1000),  # taken by a filter
        ("{{ '" + "&" * 200 + "' | escape }}", 200 + 1000),  # given by a filter, five characters for one
        ("{{ list | join: long }}", 100 * 1000 + 100 * 1000),  # reckoned before the text is made, and again when it is there
        ("{{ 'aaaaaaaaaa' | replace: 'a', long }}", 10 * 1000 + 10 * 1000),
        ("{{ list | uniq }}", 100**2),  # each with each
        ("{% for i in (1..50) %}{% endfor %}", 50 * 10 * 6),  # ten for each of six nodes and expressions, each time round
    ],
    ids=lambda value: str(value)[:40],
)
def test_work_is_reckoned(source: str, least: int) -> None:
    assert least <= work_of(source) < 1.5 * least + 2000
