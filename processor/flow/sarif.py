"""What the linter says as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines of a document."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from processor.flow.finding import Finding
from processor.flow.rules import RULES

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS: Final = {"fault": "error", "warning": "warning"}
_INDEXES: Final = {rule.code: index for index, rule in enumerate(RULES)}


def sarif(found: Iterable[tuple[str, Finding]], version: str) -> dict[str, Any]:
    """Return a log with one run: every rule, and a result for each finding.

    Args:
        found: name of the file and what is said of it.
        version: release of the program, SemVer.
    """
    driver = {
        "name": "smart-routing",
        "semanticVersion": version,
        "rules": [
            {
                "id": rule.code,
                "shortDescription": {"text": rule.summary},
                "help": {"text": rule.mend},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            }
            for rule in RULES
        ],
    }
    results = [_result(name, finding) for name, finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(name: str, finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(name)}}}
    if finding.line is not None:
        location["physicalLocation"]["region"] = {"startLine": finding.line, "startColumn": finding.column}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return {
        "ruleId": finding.code,
        "ruleIndex": _INDEXES[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}; {finding.mend}" if finding.mend else finding.message},
        "locations": [location],
    }


def _uri(name: str) -> str:
    """Return a file's name as a reference: relative as it was given, or with the scheme `file`."""
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
