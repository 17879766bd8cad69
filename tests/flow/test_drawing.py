import itertools
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from processor.actions import action_types
from processor.flow.document import load
from processor.flow.drawing import draw
from processor.flow.icons import FAMILIES, family, icon
from processor.flow.lettering import fitted, width, wrapped
from processor.flow.overlay import Overlay
from processor.flow.reader import read
from tests.flow.documents import END, QUESTION, flow

SVG = "{http://www.w3.org/2000/svg}"
TEST: dict[str, Any] = {"type": "test_values", "conditions": [{"variable": "{{ order.status }}", "operator": "exists"}]}


def say(text, target):
    return {"type": "simple_message", "message": text, "links": {"ok": target}}


ORDER_DESK = {
    "greet": say("Hello {{ customer.name }}", "ask"),
    "ask": {**QUESTION, "links": {"ok": "look", "error": "sorry", "maximum_attempts_reached": "sorry", "response_time_exceeded": "again"}},
    "again": {"type": "check_passages", "maximum_number_of_passages": 2, "links": {"less_than_or_equal": "ask", "greater": "end"}},
    "look": {
        "type": "web_service",
        "web_service": {"reference": "orders"},
        "synchronous": True,
        "links": {"ok": "test", "not_ok": "sorry"},
    },
    "test": {**TEST, "links": {"yes": "tell", "no": "hold", "error": "sorry"}},
    "hold": {"type": "pause", "pause_time_sec": 5, "links": {"ok": "look"}},
    "tell": say("It is {{ order.status }}", "tag"),
    "tag": {"type": "add_checkpoint", "checkpoint": {"id": "served"}, "links": {"ok": "go"}},
    "go": {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "after_hours"}, "links": {"not_found": "end"}},
    "sorry": say("Sorry, that did not work", "end"),
}


def drawing(actions=None, /, **more):
    return ET.fromstring(draw(flow(actions, **more)))


def large():
    """A flow of sixty actions, as a shop's service desk might run it."""
    return read(load((Path(__file__).parent / "service_desk.yaml").read_bytes()), action_types())


def actions_of(root):
    return {group.get("data-action"): group for group in root.iter(f"{SVG}g") if "action" in group.get("class", "").split()}


def links_of(root):
    groups = [group for group in root.iter(f"{SVG}g") if "link" in group.get("class", "").split()]
    return {(group.get("data-action"), group.get("data-branch")): group for group in groups}


def frame(group):
    (rectangle,) = [part for part in group.iter(f"{SVG}rect") if part.get("class") == "frame"]
    x, y, broad, high = (float(rectangle.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + broad, y + high


def points(path):
    """Return points along path data made of M, V and C."""
    x = y = 0.0
    for command, rest in re.findall(r"([MVC])([^MVC]*)", path):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", rest)]
        if command == "M":
            x, y = numbers
            yield x, y
        elif command == "V":
            for step in range(1, 21):
                yield x, y + (numbers[0] - y) * step / 20
            y = numbers[0]
        else:
            (x1, y1), (x2, y2), (x3, y3) = zip(numbers[::2], numbers[1::2], strict=True)
            for step in range(1, 21):
                t = step / 20
                s = 1 - t
                yield (
                    s**3 * x + 3 * s * s * t * x1 + 3 * s * t * t * x2 + t**3 * x3,
                    s**3 * y + 3 * s * s * t * y1 + 3 * s * t * t * y2 + t**3 * y3,
                )
            x, y = x3, y3


def test_every_action_and_every_branch_that_it_can_take_can_be_found():
    made = flow(ORDER_DESK)
    root = ET.fromstring(draw(made))
    assert set(actions_of(root)) == set(made.actions)
    assert set(links_of(root)) == {(identity, branch) for identity, action in made.actions.items() for branch in action.used_branches()}


def test_a_linked_branch_that_is_not_used_is_drawn_too():
    share = {"type": "load_sharing", "link_load_no_2": 100, "links": {"link_2": "end", "no_link": "end"}}
    assert set(links_of(drawing({"share": share}))) == {("start", "ok"), ("share", "link_2"), ("share", "no_link")}


def test_waits_failures_and_what_is_not_linked_differ_in_shape():
    root = drawing(ORDER_DESK)
    actions, links = actions_of(root), links_of(root)
    waiting = {identity for identity, group in actions.items() if "wait" in group.get("class").split()}
    assert waiting == {"ask", "look", "hold"}
    for identity, group in actions.items():
        shapes = {part.get("class") for part in group}
        assert "icon" in shapes
        assert ({"inner", "clock"} <= shapes) == (identity in waiting)
    assert "failure" in links["look", "not_ok"].get("class").split()
    assert "failure" not in links["look", "ok"].get("class").split()
    assert "unlinked" in links["go", "maximum_distributions_reached"].get("class").split()
    assert "unlinked" not in links["go", "not_found"].get("class").split()


def test_the_end_is_drawn_at_each_branch_that_leads_there():
    ends = {key for key, group in links_of(drawing(ORDER_DESK)).items() if any(part.get("class") == "end-ring" for part in group)}
    assert ends == {("again", "greater"), ("go", "not_found"), ("sorry", "ok")}


def test_what_leads_to_an_action_has_a_way_that_ends_on_top_of_it():
    made = flow(ORDER_DESK)
    root = ET.fromstring(draw(made))
    actions = actions_of(root)
    for (identity, branch), group in links_of(root).items():
        target = made.actions[identity].links.get(branch)
        ways = [part.get("d") for part in group if part.get("class") == "way"]
        assert len(ways) == (target in actions)
        if ways:
            (left, _, right, bottom), along = frame(actions[identity]), list(points(ways[0]))
            assert left <= along[0][0] <= right
            assert along[0][1] == pytest.approx(bottom, abs=0.2)
            x, y = along[-1]
            left, top, right, _ = frame(actions[target])
            assert left <= x <= right
            assert y == pytest.approx(top, abs=0.2)


def braid(count):
    """A flow with long links, ways back and many crossings."""
    actions = {}
    for n in range(count):
        links = {"yes": f"a{n + 1}", "no": f"a{min(n + 1 + n % 7, count)}", "error": f"a{max(n - n % 5, 0)}" if n % 4 == 0 else "sorry"}
        actions[f"a{n}"] = (
            {**TEST, "links": links} if n % 3 else {**QUESTION, "links": {**QUESTION["links"], "ok": f"a{n + 1}", "error": "sorry"}}
        )
    return {
        **actions,
        f"a{count}": END,
        "sorry": say("Sorry", "end"),
        "island": {"type": "node", "links": {"ok": "reef"}},
        "reef": {"type": "node", "links": {"ok": "a3"}},
    }


@pytest.mark.parametrize("made", [flow(ORDER_DESK), flow(braid(17)), flow(braid(40)), large()], ids=["small", "lines", "jumps", "large"])
def test_no_box_lies_on_another_and_no_way_leads_through_one(made):
    root = ET.fromstring(draw(made))
    frames = {identity: frame(group) for identity, group in actions_of(root).items()}
    for (_, one), (_, other) in itertools.combinations(frames.items(), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for group in links_of(root).values():
        for way in (part for part in group if part.get("class") == "way"):
            for x, y in points(way.get("d")):
                for identity, (left, top, right, bottom) in frames.items():
                    assert not (left + 1 < x < right - 1 and top + 1 < y < bottom - 1), (
                        f"{group.get('data-action')} leads through {identity}"
                    )


@pytest.mark.parametrize(
    "actions",
    [
        ORDER_DESK,
        braid(20),
        {"a": {"type": "node", "links": {"ok": "start"}}},
        {"a": {"type": "pause", "pause_time_sec": 1, "links": {"ok": "a"}}},
    ],
)
def test_everything_is_within_the_picture(actions):
    root = drawing(actions)
    left, top, broad, high = (float(number) for number in root.get("viewBox").split())
    for group in actions_of(root).values():
        x, y, right, bottom = frame(group)
        assert left <= x
        assert top <= y
        assert right <= left + broad
        assert bottom <= top + high
    for part in root.iter(f"{SVG}path"):
        if part.get("class", "").startswith(("line", "way")) and "C" in part.get("d"):
            for x, y in points(part.get("d")):
                assert left <= x <= left + broad
                assert top <= y <= top + high


def test_what_no_way_leads_to_stands_just_above_what_it_leads_to():
    frames = {identity: frame(group) for identity, group in actions_of(drawing(braid(20))).items()}
    tops = sorted({top for _, top, _, _ in frames.values()})
    assert tops.index(frames["a3"][1]) - tops.index(frames["reef"][1]) == 1
    assert tops.index(frames["reef"][1]) - tops.index(frames["island"][1]) == 1


def test_a_line_that_links_share_is_drawn_once():
    lines = [part.get("d") for part in drawing(braid(20)).iter(f"{SVG}path") if (part.get("class") or "").startswith("line")]
    assert len(lines) == len(set(lines))


def test_the_same_flow_gives_the_same_drawing():
    assert draw(flow(braid(20))) == draw(flow(braid(20)))


def test_texts_are_escaped():
    root = drawing({"say": say("<script>\"&'</script>", "end")}, ref='a<b>&"', name="</title><script>alert(1)</script>")
    assert not list(root.iter(f"{SVG}script"))
    assert root.find(f"{SVG}title").text == '</title><script>alert(1)</script>: flow a<b>&"'
    assert "<script>\"&'</script>" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_box_tells_its_action_from_others_of_its_type():
    shown = {identity: [text.text for text in group.iter(f"{SVG}text")] for identity, group in actions_of(drawing(ORDER_DESK)).items()}
    assert shown["start"] == ["start", "start"]
    assert shown["greet"] == ["greet", "simple_message", "Hello {{ customer.name }}"]
    assert shown["look"] == ["look", "web_service", "orders"]
    assert shown["tag"] == ["tag", "add_checkpoint", "served"]
    assert shown["go"] == ["go", "distribution_to_smart_routing", "→ after_hours"]


def test_dark_and_light_are_in_the_picture_itself():
    style = drawing().find(f"{SVG}style").text
    assert "prefers-color-scheme: dark" in style
    for hook in (".link.taken", ".action.taken", ".action.current"):
        assert hook in style


def test_tabs_are_in_the_order_of_the_branches():
    made = large()
    groups = [(group.get("data-action"), group.get("data-branch"), tab_of(group)) for group in links_of(ET.fromstring(draw(made))).values()]
    for identity, action in made.actions.items():
        lefts = {branch: left for source, branch, (left, _, _, _) in groups if source == identity}
        assert [branch for branch in action.branches if branch in lefts] == sorted(lefts, key=lefts.__getitem__)


def tab_of(group):
    (rectangle,) = [part for part in group.iter(f"{SVG}rect") if part.get("class") == "tab"]
    x, y, broad, high = (float(rectangle.get(name)) for name in ("x", "y", "width", "height"))
    return x, y, x + broad, y + high


def test_in_a_large_flow_a_line_too_long_is_a_name_instead():
    made = large()
    root = ET.fromstring(draw(made))
    jumps = 0
    for (identity, branch), group in links_of(root).items():
        target = made.actions[identity].links.get(branch)
        named = [part for part in group if part.get("class") == "jump"]
        lines = [part for part in group if part.get("class") == "way"]
        assert len(named) + len(lines) == (target in made.actions)
        for jump in named:
            jumps += 1
            assert "".join(text.text for text in jump.iter(f"{SVG}tspan")) == target
            assert jump.get("data-target") == target
    landed = {identity: int(count.text) for identity, group in actions_of(root).items() for count in group.findall(f"{SVG}g/{SVG}text")}
    assert sum(landed.values()) == jumps > 20
    assert landed["sorry"] > 10


def test_below_what_it_follows_every_action_of_a_large_flow_has_a_line():
    made = large()
    lines = {key for key, group in links_of(ET.fromstring(draw(made))).items() if any(part.get("class") == "way" for part in group)}
    assert {made.actions[identity].links[branch] for identity, branch in lines} == set(made.actions) - {"start"}


def test_a_small_flow_has_lines_only():
    assert not [group for group in drawing(ORDER_DESK).iter(f"{SVG}g") if group.get("class") in {"jump", "landing"}]


def test_long_ids_of_what_is_jumped_to_are_broken_where_words_end():
    long = "a_very_long_id_that_goes_on_and_on_until_nobody_reads_it"
    actions = {f"a{number}": {**QUESTION, "links": {"ok": f"a{number + 1}", "error": long}} for number in range(25)}
    root = drawing({**actions, "a25": say("Bye", long), long: say("Sorry", "end"), "b": say("?", "Wide" * 9), "Wide" * 9: END})
    (jump,) = [part for part in links_of(root)["a0", "error"] if part.get("class") == "jump"]
    first, second = [text.text for text in jump.iter(f"{SVG}tspan")]
    assert long.startswith(first)
    assert first.endswith("_")
    assert second.endswith("…")


def test_texts_stay_within_their_tabs():
    for group in links_of(ET.fromstring(draw(large(), Overlay("counts", {("menu", "link_1"): 123_456})))).values():
        left, top, right, bottom = tab_of(group)
        for text in group.iter(f"{SVG}tspan"):
            x, y = float(text.get("x")), float(text.get("y"))
            assert left <= x - width(text.text, 10.5) / 2
            assert x + width(text.text, 10.5) / 2 <= right
            assert top + 8 <= y <= bottom - 1


def classes(group):
    return set(group.get("class").split())


COVERED = {
    ("start", "ok"): 3,
    ("greet", "ok"): 3,
    ("ask", "ok"): 2,
    ("ask", "error"): 1,
    ("look", "ok"): 2,
    ("test", "yes"): 2,
    ("sorry", "ok"): 1,
}


def test_coverage_shows_what_no_test_took():
    root = ET.fromstring(draw(flow(ORDER_DESK), Overlay("coverage", COVERED)))
    links = links_of(root)
    assert {key for key, group in links.items() if "passed" in classes(group)} == set(COVERED)
    assert {key for key, group in links.items() if "missed" in classes(group)} == set(links) - set(COVERED)
    notes = {key: [part.text for part in group.iter(f"{SVG}tspan") if part.get("class") == "note"] for key, group in links.items()}
    assert notes["ask", "ok"] == ["2×"]
    assert notes["look", "not_ok"] == ["never"]
    missed = {identity for identity, group in actions_of(root).items() if "missed" in classes(group)}
    assert missed == {"again", "hold", "tag", "go"}
    assert "never taken" in [text.text for text in root.iter(f"{SVG}text")]


def test_counts_make_lines_thicker_by_what_passed_them():
    root = ET.fromstring(draw(flow(ORDER_DESK), Overlay("counts", {**COVERED, ("start", "ok"): 100})))
    lines = [part for part in root.iter(f"{SVG}path") if "line" in (part.get("class") or "").split() and part.get("d") != "M0 0h26"]
    assert all(("passed" in classes(line)) == (line.get("style") is not None) for line in lines)
    assert {"missed", "passed"} <= set.union(*map(classes, lines))
    widths = [float(line.get("style", "").removeprefix("stroke-width:").removesuffix("px") or 0) for line in lines]
    assert max(widths) == 7.0
    shown = {key: [text.text for text in group.iter(f"{SVG}tspan")] for key, group in links_of(root).items()}
    assert shown["ask", "error"] == ["error", "1 · 33%"]
    assert shown["look", "not_ok"] == ["not ok", "0"]


def test_an_overlay_of_nothing_is_drawn_too():
    assert "passed" not in {
        name for group in links_of(ET.fromstring(draw(flow(), Overlay("counts", {})))).values() for name in classes(group)
    }


def test_every_family_has_a_sign_of_its_own():
    sections = [action_type.section for action_type in action_types().values()]
    assert {family(section) for section in sections} <= set(FAMILIES.values())
    assert len({icon(f"{number}.1") for number in FAMILIES}) == len(FAMILIES)
    assert family("99.1") == "routing"


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_texts_have_a_contrast_of_four_and_a_half_and_shapes_of_three(scheme):
    """WCAG 2.2, 1.4.3 and 1.4.11."""
    style = drawing().find(f"{SVG}style").text
    colours = dict(re.findall(r"--flow-([a-z-]+): (#[0-9a-f]{6})", style.split("@media")[scheme]))

    def contrast(one, other):
        light, dark = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    texts = [("ink", "box"), ("ink", "head"), ("ink", "current-ground"), ("ink", "missed-ground"), ("faint", "head"), ("faint", "ground")]
    texts += [("faint", "missed-ground"), ("faint", "current-ground"), ("failure", "box"), ("taken", "box"), ("missed", "missed-ground")]
    shapes = [("line", "ground"), ("failure", "ground"), ("wait", "head"), ("taken", "ground"), ("missed", "ground"), ("current", "ground")]
    assert {pair: contrast(*pair) for pair in texts if contrast(*pair) < 4.5} == {}
    assert {pair: contrast(*pair) for pair in shapes if contrast(*pair) < 3} == {}
    assert not re.search(r"text[^{]*\{[^}]*opacity", style)


def test_long_texts_are_cut_where_there_is_no_room():
    assert fitted("short", 12, 100) == "short"
    cut = fitted("a text that goes on and on for ever", 12, 100)
    assert cut.endswith("…")
    assert width(cut, 12) <= 100
    assert fitted("字字字字", 12, 30) == "字…"


def test_widths_depend_on_the_letters():
    assert width("iii", 10) < width("aaa", 10) < width("AAA", 10) < width("WWW", 10)
    assert width("e\u0301", 10) == width("e", 10)


def test_words_are_wrapped():
    assert wrapped(["maximum", "attempts", "reached"], 10, 70) == ["maximum", "attempts", "reached"]
    assert wrapped(["less", "than", "or", "equal"], 10, 56) == ["less than", "or equal"]


def test_the_style_is_a_file_that_pages_can_serve():
    import processor.flow

    assert (Path(processor.flow.__file__).parent / "drawing.css").read_text("utf-8").startswith(".flow-drawing {")
