import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from schemas.deployment import Deployment, variable_of
from smart_routing.cli import COMMANDS, main
from smart_routing.kafka_jars import KAFKA_VERSION

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PROGRAMS = {"topics", "worker", "connectors", "gateway"}
SETTINGS = {variable_of(name) for name in Deployment.model_fields}
KEY = "SMART_ROUTING_CONVERSATION_KEY"


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.fixture(scope="module")
def workers():
    """The manifests of Kubernetes by their kind."""
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all((ROOT / "k8s" / "worker.yaml").read_text())}


def container(workers: dict[str, Any]) -> dict[str, Any]:
    [found] = workers["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def environment(workers: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in container(workers)["env"]}


def test_compose_runs_the_whole_system(services):
    assert set(services) == {"kafka", "schema-registry", "redis"} | PROGRAMS


def test_compose_runs_the_kafka_that_the_tests_run(services):
    assert services["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_what_others_wait_for_tells_its_health(services):
    for service in services.values():
        for awaited, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if awaited == "topics" else "service_healthy"
            assert how == {"condition": expected}
            assert awaited == "topics" or "healthcheck" in services[awaited]


def test_programs_wait_for_the_topics(services):
    for name in PROGRAMS - {"topics"}:
        assert "topics" in services[name]["depends_on"]


def test_programs_are_commands_with_settings_that_exist(services):
    for name in PROGRAMS:
        assert services[name]["command"][0] in COMMANDS
        assert set(services[name]["environment"]) - SETTINGS == {
            variable for variable in services[name]["environment"] if variable.startswith("SMART_ROUTING_WORKER_")
        }


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_commands_take_what_compose_gives_them(services, name):
    command = services[name]["command"]
    if COMMANDS[command[0]].exists:
        result = CliRunner().invoke(main, [*command, "--help"])
        assert result.exit_code == 0, f"smart-routing {shlex.join(command)}: {result.output}"


def test_docker_compose_accepts_the_file():
    # Where it is installed; .ci/run installs it. Everything else about the file is tested above without it.
    if shutil.which("docker-compose"):
        command = ["docker-compose", "--file", str(COMPOSE), "config", "--quiet"]
        without_key = {name: value for name, value in os.environ.items() if name != KEY}
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=without_key | {KEY: "k" * 16}, timeout=60)
        assert (run.returncode, run.stderr) == (0, "")
        refused = subprocess.run(command, capture_output=True, text=True, check=False, env=without_key | {KEY: ""}, timeout=60)
        assert refused.returncode != 0
        assert "a secret of 16 characters or more is needed" in refused.stderr


def test_kubernetes_runs_workers_with_a_slot_that_outlives_the_pod(workers):
    assert set(workers) == {"ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget"}
    assert environment(workers)["SMART_ROUTING_WORKER_SLOT"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert container(workers)["args"] == ["worker"]


def test_kubernetes_settings_exist(workers):
    assert set(workers["ConfigMap"]["data"]) < SETTINGS
    assert Deployment.from_environment(workers["ConfigMap"]["data"]).partitions >= workers["StatefulSet"]["spec"]["replicas"]


def test_kubernetes_asks_the_workers_health(workers):
    probes = [container(workers)[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")]
    assert probes == [{"path": "/health/", "port": "http"}] * 3
    assert environment(workers)["SMART_ROUTING_WORKER_WEB_HOST"]["value"] == "0.0.0.0"
    assert container(workers)["ports"] == [{"name": "http", "containerPort": 6066}]


def test_kubernetes_keeps_the_local_tables_on_a_volume(workers):
    [mount] = container(workers)["volumeMounts"]
    [claim] = workers["StatefulSet"]["spec"]["volumeClaimTemplates"]
    assert mount["name"] == claim["metadata"]["name"]
    assert Path(environment(workers)["SMART_ROUTING_WORKER_STATE_FOLDER"]["value"]).is_relative_to(mount["mountPath"])


def test_kubernetes_selects_the_pods_that_it_makes(workers):
    labels = workers["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    assert workers["StatefulSet"]["spec"]["selector"]["matchLabels"] == labels
    assert workers["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert workers["Service"]["spec"]["selector"] == labels
