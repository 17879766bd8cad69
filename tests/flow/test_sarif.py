"""Essentials of SARIF 2.1.0: what a code host needs to show a finding beside its line."""

import json

from jsonschema import Draft202012Validator

from processor.flow.finding import Finding
from processor.flow.rules import RULES
from processor.flow.sarif import sarif

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
PLACE = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "pattern": r"^[!-~]+$"}}},
        "region": {
            "type": "object",
            "required": ["startLine"],
            "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}},
        },
    },
}
ESSENTIALS = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {"level": {"enum": ["none", "note", "warning", "error"]}},
                                                },
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "ruleIndex", "level", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "message": TEXT,
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {
                                            "physicalLocation": PLACE,
                                            "logicalLocations": {
                                                "type": "array",
                                                "items": {"type": "object", "required": ["fullyQualifiedName"]},
                                            },
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
FAULT = Finding("refused", "fault", "", "expected YAML; found none", "", 3, 7)
WARNING = Finding("unlinked_branch", "warning", "actions.a.links.ok", "branch `ok` of `a` leads nowhere", "link it", 4, 1)
NOWHERE = Finding("unused_variable", "warning", "variables.a.b", "`a.b` is neither read nor written", "take it away")


def results_of(*found):
    log = json.loads(json.dumps(sarif(found, "1.2.3")))
    Draft202012Validator(ESSENTIALS).validate(log)
    (run,) = log["runs"]
    return run


def test_every_rule_is_listed_once_with_its_level_and_its_sentences():
    rules = results_of()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == {"error", "warning"}


def test_a_finding_has_rule_level_message_and_region():
    (fault, warning) = results_of(("a.yaml", FAULT), ("flows/b c.yaml", WARNING))["results"]
    assert fault["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "a.yaml"}, "region": {"startLine": 3, "startColumn": 7}}}
    ]
    assert (fault["ruleId"], fault["level"], fault["message"]["text"]) == ("refused", "error", "expected YAML; found none")
    assert warning == {
        "ruleId": "unlinked_branch",
        "ruleIndex": [rule.code for rule in RULES].index("unlinked_branch"),
        "level": "warning",
        "message": {"text": "branch `ok` of `a` leads nowhere; link it"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "flows/b%20c.yaml"},
                    "region": {"startLine": 4, "startColumn": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": "actions.a.links.ok"}],
            }
        ],
    }


def test_a_finding_without_a_place_names_the_file_alone():
    (found,) = results_of(("/flows/ü.yaml", NOWHERE))["results"]
    assert found["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "file:///flows/%C3%BC.yaml"}}
