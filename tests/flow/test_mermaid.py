import re

import pytest
import yaml

from processor.flow.mermaid import mermaid
from processor.flow.overlay import Overlay
from tests.flow.documents import END, QUESTION, flow

TEST = {"type": "test_values", "conditions": [{"variable": "{{ order.status }}", "operator": "exists"}]}
NODE = re.compile(r'(a\d+(?:x\d+)?)(\(\["|\["|\{\{"|\(\(\(")([^"]*)("\]\)|"\]|"\}\}|"\)\)\))(?::::(\w+))?')
LINK = re.compile(r'(a\d+) (-->|-\.->|-\.-x)\|"([^"]*)"\| (a\d+(?:x\d+)?)')
STYLE = re.compile(r"classDef \w+ [\w#:,.\- ]+|linkStyle (\d+) [\w#:,.\- ]+")


def parsed(text):
    """Return nodes, links and styles of a chart made of nothing but the lines that are meant."""
    before, title, after, *lines = text.splitlines()
    assert (before, after) == ("---", "---")
    assert title.startswith("title: ")
    assert lines[0] == "flowchart TD"
    nodes, links, styles = {}, [], {}
    for line in lines[1:]:
        if node := NODE.fullmatch(line.strip()):
            nodes[node[1]] = node.groups()[1:]
        elif link := LINK.fullmatch(line.strip()):
            links.append(link.groups())
        else:
            style = STYLE.fullmatch(line.strip())
            assert style, f"no line of a chart: {line}"
            if style[1]:
                styles[int(style[1])] = line.strip()
    assert {end for source, _, _, target in links for end in (source, target)} <= set(nodes)
    assert all(number < len(links) for number in styles)
    return nodes, links, styles


def two_ways(**more):
    return flow(
        {
            "ask": {**QUESTION, "links": {"ok": "test", "error": "sorry", "maximum_attempts_reached": "sorry"}},
            "test": {**TEST, "links": {"yes": "end", "no": "end", "error": "sorry"}},
            "sorry": END,
        },
        **more,
    )


def test_every_action_is_a_node_in_the_shape_of_what_it_is():
    nodes, _, _ = parsed(mermaid(two_ways()))
    assert nodes["a0"] == ('(["', "start<br>start", '"])', None)
    assert nodes["a1"] == ('{{"', "ask<br>message_awaiting_response<br>One question", '"}}', "wait")
    assert nodes["a2"] == ('["', "test<br>test_values<br>#123;#123; order#46;status #125;#125;", '"]', None)


def test_failures_and_what_is_not_linked_differ_in_their_lines():
    _, links, styles = parsed(mermaid(two_ways()))
    assert ("a1", "-->", "ok", "a2") in links
    assert ("a1", "-.->", "error<br>maximum_attempts_reached", "a3") in links
    (nowhere,) = [link for link in links if link[1] == "-.-x"]
    assert nowhere[2] == "response_time_exceeded"
    assert all(("stroke:#d0632f" in styles.get(number, "")) == (link[1] != "-->") for number, link in enumerate(links))


def test_the_end_and_what_is_not_linked_stand_at_the_branch():
    nodes, links, _ = parsed(mermaid(two_ways()))
    (together,) = [link for link in links if link[0] == "a2" and link[1] == "-->"]
    assert together[2] == "yes<br>no"
    assert nodes[together[3]][1] == "end"
    (nowhere,) = [link for link in links if link[1] == "-.-x"]
    assert nodes[nowhere[3]][1] == "not linked"


@pytest.mark.parametrize(
    "text",
    [
        'say "hi" | to [me] }} --> x',
        "#quot; `x` **b** <script>alert(1)</script>",
        "1. a list",
        "- a list",
        "%% comment {init: {}}",
        "a; click b\u0007",
    ],
)
def test_a_text_means_nothing_to_the_chart(text):
    said = {"type": "simple_message", "message": text, "links": {"ok": "end"}}
    nodes, _, _ = parsed(mermaid(flow({"said": said})))
    label = nodes["a1"][1]
    assert set(re.sub(r"#\d+;|<br>|\w| ", "", label)) <= {"…"}


def test_the_title_is_the_name_whatever_is_in_it():
    name = '--- "b": #1 {x} 😀'
    title = yaml.safe_load(mermaid(two_ways(name=name)).split("---\nflowchart")[0].removeprefix("---\n"))
    assert title == {"title": f"{name} (support)"}


def test_other_scripts_stay_as_they_are():
    nodes, _, _ = parsed(mermaid(flow({"a": {"type": "simple_message", "message": "Grüße → 你好 \u202e!", "links": {"ok": "end"}}})))
    assert nodes["a1"][1].endswith("Grüße → 你好  #33;")


def test_coverage_shows_what_was_never_taken():
    taken = {("start", "ok"): 3, ("ask", "ok"): 2, ("test", "yes"): 2}
    nodes, links, styles = parsed(mermaid(two_ways(), Overlay("coverage", taken)))
    assert nodes["a3"][3] == "missed"
    labels = {link[2]: styles.get(number, "") for number, link in enumerate(links)}
    assert labels["ok 3×"] == ""
    assert "stroke-dasharray" in labels["error never<br>maximum_attempts_reached never"]
    assert labels["yes 2×<br>no never"] == ""


def test_failures_that_were_taken_are_still_told_apart():
    _, links, styles = parsed(mermaid(two_ways(), Overlay("coverage", {("test", "error"): 1})))
    number = [link[2] for link in links].index("error 1×")
    assert "stroke:#d0632f" in styles[number]


def test_counts_make_lines_thicker():
    taken = {("start", "ok"): 100, ("ask", "ok"): 50, ("ask", "error"): 50}
    _, links, styles = parsed(mermaid(two_ways(), Overlay("counts", taken)))
    labels = {link[2]: styles.get(number, "") for number, link in enumerate(links)}
    assert "stroke-width:6.0px" in labels["ok 100 · 100#37;"]
    assert "stroke-width:3.5px" in labels["ok 50 · 50#37;"]
    assert "stroke-width" not in labels["yes 0<br>no 0"]


def test_the_same_flow_gives_the_same_chart():
    assert mermaid(two_ways()) == mermaid(two_ways())
