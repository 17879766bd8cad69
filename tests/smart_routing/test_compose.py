import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from connectors.run import SETTINGS as CONNECTOR_SETTINGS
from processor.runtime.worker.settings import PREFIX as WORKER
from processor.runtime.worker.settings import WorkerSettings
from schemas.deployment import Deployment, variable_of
from smart_routing.cli import COMMANDS, main
from smart_routing.kafka_jars import KAFKA_VERSION

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SERVERS = {"kafka", "schema-registry", "redis", "postgres", "mail"}
PROGRAMS = {"topics", "worker", "connectors", "gateway", "office"}
DEPLOYMENT = {variable_of(name) for name in Deployment.model_fields}
SETTINGS = {
    *DEPLOYMENT,
    *(WORKER + name.upper() for name in WorkerSettings.model_fields),
    *(kind.prefix + name.upper() for kind in CONNECTOR_SETTINGS for name in kind.model_fields),
}
SECRETS = {
    "SMART_ROUTING_CONVERSATION_KEY": "k" * 16,
    "SMART_ROUTING_CONNECTORS_LINK_SECRET": "l" * 16,
    "POSTGRES_PASSWORD": "a password",
}
SERVED = {"connectors": 6067, "gateway": 8080, "office": 8081}
"""Parts that Kubernetes runs as Deployments, and the port on which each tells its health."""


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def manifests(part: str) -> dict[str, Any]:
    """Return the manifests of Kubernetes by their kind."""
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all((ROOT / "k8s" / f"{part}.yaml").read_text())}


@pytest.fixture(scope="module")
def workers():
    return manifests("worker")


def container(found: dict[str, Any]) -> dict[str, Any]:
    runs = found.get("StatefulSet") or found["Deployment"]
    [one] = runs["spec"]["template"]["spec"]["containers"]
    return dict(one)


def environment(found: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in container(found).get("env", ())}


def test_compose_runs_the_whole_system(services):
    assert set(services) == SERVERS | PROGRAMS


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
        assert set(services[name]["environment"]) <= SETTINGS


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_commands_take_what_compose_gives_them(services, name):
    command = services[name]["command"]
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0, f"smart-routing {shlex.join(command)}: {result.output}"


@pytest.mark.parametrize("name", ["connectors", "office"])
def test_what_compose_sets_can_be_read(name):
    # As docker-compose itself writes it, with the defaults filled in; .ci/run installs it.
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not installed")
    command = ["docker-compose", "--file", str(COMPOSE), "config"]
    written = subprocess.run(command, capture_output=True, text=True, check=True, env=_without_secrets() | SECRETS, timeout=60).stdout
    given = {variable: str(value) for variable, value in yaml.safe_load(written)["services"][name]["environment"].items()}
    for kind in CONNECTOR_SETTINGS:
        kind.from_environment(given)
    assert Deployment.from_environment(given).conversation_secret() == SECRETS["SMART_ROUTING_CONVERSATION_KEY"]


def test_docker_compose_accepts_the_file():
    # Where it is installed; .ci/run installs it. Everything else about the file is tested above without it.
    if shutil.which("docker-compose"):
        command = ["docker-compose", "--file", str(COMPOSE), "config", "--quiet"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=_without_secrets() | SECRETS, timeout=60)
        assert (run.returncode, run.stderr) == (0, "")
        for missing in SECRETS:
            given = _without_secrets() | SECRETS | {missing: ""}
            refused = subprocess.run(command, capture_output=True, text=True, check=False, env=given, timeout=60)
            assert refused.returncode != 0
            assert "is needed" in refused.stderr


def _without_secrets() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SECRETS and not name.startswith("SMART_ROUTING_")}


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


@pytest.mark.parametrize("part", ["worker", *SERVED])
def test_kubernetes_selects_the_pods_that_it_makes(part):
    found = manifests(part)
    runs = found.get("StatefulSet") or found["Deployment"]
    labels = runs["spec"]["template"]["metadata"]["labels"]
    assert runs["spec"]["selector"]["matchLabels"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels


@pytest.mark.parametrize(("part", "port"), SERVED.items())
def test_kubernetes_runs_a_part_where_its_health_is_asked_for(part, port):
    found = manifests(part)
    one = container(found)
    assert one["ports"] == [{"name": "http", "containerPort": port}]
    assert [one[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")] == [{"path": "/health", "port": "http"}] * 3
    assert found["Service"]["spec"]["ports"] == [{"name": "http", "port": port, "targetPort": "http"}]
    result = CliRunner().invoke(main, [*one["args"], "--help"])
    assert result.exit_code == 0, result.output
    assert set(environment(found)) <= SETTINGS
    named = {entry.get("configMapRef", entry.get("secretRef"))["name"] for entry in one["envFrom"]}
    assert {"smart-routing"} <= named <= {"smart-routing", "smart-routing-office"}
