"""Verdicts as JUnit XML, as CI servers read it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from processor.runtime.simulator.trial import Verdict

_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_junit(path: Path, verdicts: Iterable[Verdict], refused: Mapping[str, Sequence[str]], at: float) -> None:
    """Write a report: a suite for each file, a case for each conversation.

    Args:
        path: file to write; folders that are missing are made.
        verdicts: what became of the conversations.
        refused: files that could not be run, with their faults.
        at: when the run began, seconds since the epoch.

    Raises OSError.
    """
    report = JUnitXml("smart-routing flow test")
    by_file: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_file.setdefault(verdict.file, []).append(verdict)
    for file, some in by_file.items():
        report.add_testsuite(_suite(file, [_case(verdict) for verdict in some], at))
    for file, faults in refused.items():
        case = TestCase("the file can be read", _class(file), 0.0)
        error = Error(_clean(faults[0]), "refused")
        error.text = _clean("\n".join(faults))
        case.result = [error]
        report.add_testsuite(_suite(file, [case], at))
    report.update_statistics()  # type: ignore[no-untyped-call]  # the library's one method without types
    path.parent.mkdir(parents=True, exist_ok=True)
    report.write(str(path), pretty=True)


def _suite(file: str, cases: list[TestCase], at: float) -> TestSuite:
    suite = TestSuite(_clean(file))
    suite.timestamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite.add_testcases(cases)
    suite.update_statistics()  # type: ignore[no-untyped-call]  # as above
    return suite


def _case(verdict: Verdict) -> TestCase:
    case = TestCase(_clean(verdict.conversation), _class(verdict.file), round(verdict.seconds, 6))
    if verdict.failure is not None:
        failure = Failure(_clean(verdict.summary or ""), "expectation")
        failure.text = _clean(verdict.failure)
        case.result = [failure]
    return case


def _class(file: str) -> str:
    return _clean(Path(file).name.partition(".test.")[0])


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
