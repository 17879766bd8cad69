import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from schemas.deployment import Deployment, variable_of
from smart_routing.cli import main
from smart_routing.free_port import free_port

GOOD = """
ref: support
timezone: Europe/Paris
locale: fr
country: FR
actions:
  start: {type: start, links: {ok: tag}}
  tag: {type: add_checkpoint, checkpoint: {reference: qualified}, links: {ok: end, reference_not_found: end}}
"""
WARNED = GOOD.replace(", reference_not_found: end", "")
FAULTY = GOOD.replace("add_checkpoint", "add_chekpoint").replace("FR", "fr")
CHECKPOINT = "{kind: checkpoint, id: c-1, reference: qualified}"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def run(*arguments, deployment=None, **variables):
    environment = {variable_of(name): None for name in Deployment.model_fields}
    return CliRunner().invoke(main, ["flow", *arguments], env=environment | (deployment.to_environment() if deployment else {}) | variables)


def test_a_flow_is_drawn_to_a_file_or_to_the_output(write, tmp_path):
    file, picture = write("support.yaml", GOOD), tmp_path / "out.svg"
    assert run("draw", file, "-o", str(picture)).output == ""
    shown = run("draw", file)
    assert shown.exit_code == 0
    assert shown.output == picture.read_text("utf-8")
    assert ET.fromstring(shown.output).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(("text", "faults"), [(FAULTY, 2), ("a: [", 1), (CHECKPOINT, 8)])
def test_what_is_no_flow_is_not_drawn(write, text, faults):
    result = run("draw", write("support.yaml", text))
    assert result.exit_code == 1
    assert f"{faults} fault" in result.output
    assert "<svg" not in result.output


def test_the_schema_is_printed():
    result = run("schema")
    assert result.exit_code == 0
    schema = json.loads(result.output)
    Draft202012Validator.check_schema(schema)
    assert "action.web_service" in schema["$defs"]


def test_documents_are_published_together_or_not_at_all(write, deployment):
    where = deployment()
    flow, checkpoint = write("support.yaml", WARNED), write("qualified.yaml", CHECKPOINT)
    alone = run("publish", flow, deployment=where)
    assert alone.exit_code == 1
    assert "there is no checkpoint with the reference `qualified`" in alone.output
    assert "1 fault: nothing was published." in alone.output
    together = run("publish", flow, checkpoint, "--author", "ana", deployment=where)
    assert together.exit_code == 0, together.output
    assert together.stdout.splitlines() == ["checkpoint qualified: published", "flow support: published as version 1"]
    assert f"{flow}:8:67: warning unlinked_branch: actions.tag.links.reference_not_found: " in together.stderr
    again = run("publish", flow, checkpoint, deployment=where)
    assert again.stdout.splitlines() == ["checkpoint qualified: unchanged", "flow support: unchanged, version 1 stays in service"]


def test_a_file_that_cannot_be_read_is_not_published(write):
    files = write("a.yaml", "a: ["), write("b.yaml", FAULTY)
    result = run("publish", *files, SMART_ROUTING_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "a.yaml:2:1: fault refused: expected YAML" in result.output
    assert "b.yaml:5:1: fault refused: country: expected a country" in result.output
    assert "3 faults, 0 warnings: nothing was published." in result.output
    assert "Kafka" not in result.output


def test_a_broker_that_does_not_answer_is_told(write, monkeypatch):
    monkeypatch.setattr("processor.runtime.publisher.ANSWER_SEC", 1.0)
    result = run("publish", write("b.yaml", GOOD), SMART_ROUTING_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "Error: No Kafka broker answers at 127.0.0.1:" in result.output
