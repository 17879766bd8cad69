import xml.etree.ElementTree as ET

from processor.runtime.simulator.junit import write_junit
from processor.runtime.simulator.trial import Verdict


def test_a_report_has_a_suite_for_each_file_and_a_case_for_each_conversation(tmp_path):
    verdicts = [
        Verdict("flows/a.test.yaml", "goes well", 0.25, 2, {}),
        Verdict("flows/a.test.yaml", "goes <wrong>", 0.5, 1, {}, "turn 1: messages", "turn 1:\n  - a\x1b\x00"),
    ]
    write_junit(tmp_path / "new" / "report.xml", verdicts, {"flows/b.test.yaml": ["b.test.yaml: a", "b.test.yaml: b"]}, 0.0)
    report = ET.parse(tmp_path / "new" / "report.xml").getroot()
    assert (report.tag, report.attrib["tests"], report.attrib["failures"], report.attrib["errors"]) == ("testsuites", "3", "1", "1")
    first, second = report
    assert {name: first.attrib[name] for name in ("name", "tests", "failures", "time", "timestamp")} == {
        "name": "flows/a.test.yaml",
        "tests": "2",
        "failures": "1",
        "time": "0.75",
        "timestamp": "1970-01-01T00:00:00",
    }
    good, bad = first
    assert (good.attrib["classname"], good.attrib["name"], good.attrib["time"], list(good)) == ("a", "goes well", "0.25", [])
    assert (bad[0].tag, bad[0].attrib["message"], bad[0].text) == (
        "failure",
        "turn 1: messages",
        "turn 1:\n  - a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
    )
    assert (second[0][0].tag, second[0][0].text) == ("error", "b.test.yaml: a\nb.test.yaml: b")
