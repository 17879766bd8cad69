import secrets
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from schemas.deployment import Deployment, variable_of
from smart_routing.cli import COMMANDS, LazyCommand, main
from smart_routing.free_port import free_port
from smart_routing.topic_admin import TopicAdmin


def run(*arguments: str, deployment: Deployment | None = None, **variables: str) -> Result:
    environment = {variable_of(name): None for name in Deployment.model_fields}
    return CliRunner().invoke(main, arguments, env=environment | (deployment.to_environment() if deployment else {}) | variables)


@pytest.fixture
def unmade(kafka):
    """A deployment without topics; what the test makes is deleted after it."""
    new = Deployment(bootstrap_servers=kafka, topic_prefix=f"test-{secrets.token_hex(4)}.", partitions=2)
    yield new
    with TopicAdmin(kafka) as admin:
        admin.delete(spec.name for spec in new.topics.specs(2))


def test_help_names_every_command_and_every_variable():
    result = run("--help")
    assert result.exit_code == 0
    for name, command in COMMANDS.items():
        assert (f"\n  {name} " in result.output) == command.exists
    for name in Deployment.model_fields:
        assert variable_of(name) in result.output


def test_help_imports_no_command():
    program = (
        "import sys; from smart_routing.cli import main; main(['--help'], standalone_mode=False); "
        "assert not [name for name in sys.modules if name.startswith('smart_routing.commands.')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.exists])
def test_a_command_explains_itself(name):
    command = COMMANDS[name].load()
    assert command.name == name
    assert command.help
    assert run(name, "--help").exit_code == 0


def test_the_module_runs_the_command_line():
    run = subprocess.run([sys.executable, "-m", "smart_routing", "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.startswith("smart-routing, version ")


def test_an_unknown_command_is_told():
    result = run("fly")
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.output


def test_a_command_whose_module_is_not_there_does_not_exist():
    assert not LazyCommand("smart_routing.commands.none_such:none_such", "").exists


def test_a_command_that_is_none_is_refused():
    with pytest.raises(TypeError, match="is no click command"):
        LazyCommand("smart_routing.commands.topics:_kept", "").load()


def test_a_command_is_loaded_from_its_module():
    assert isinstance(LazyCommand("smart_routing.commands.topics:topics", "").load(), click.Group)


def test_topics_are_created_and_then_left_alone(unmade):
    first = run("topics", "create", deployment=unmade)
    assert first.exit_code == 0, first.output
    assert f"created {unmade.topics.dead_letters}\n" in first.output
    assert first.output.endswith("20 created, 0 there before.\n")
    again = run("topics", "create", deployment=unmade)
    assert (again.exit_code, again.output) == (0, "0 created, 20 there before.\n")


def test_topics_of_another_number_of_partitions_are_refused(deployment):
    made = deployment(partitions=1)
    result = run("topics", "create", deployment=made.model_copy(update={"partitions": 2}))
    assert result.exit_code == 1
    assert f"{made.topics.state}: partitions: expected 2; found 1\n" in result.output
    assert "Partitions of topics with conversations in them cannot be changed." in result.output


def test_a_replication_factor_that_the_cluster_has_not_is_told(unmade):
    result = run("topics", "create", "--replication-factor", "300", deployment=unmade)
    assert result.exit_code == 1
    assert f"{unmade.topics.inbound}: " in result.output
    assert "replication factor" in result.output.lower()
    assert "Traceback" not in result.output


def test_topics_are_listed_with_how_they_are_kept(deployment):
    made = deployment(partitions=3)
    result = run("topics", "list", deployment=made, COLUMNS="200")
    rows = {row.split()[0]: " ".join(row.split()[1:]) for row in result.output.splitlines() if row.strip()}
    assert rows[made.topics.inbound] == "3 7 d the broker's"
    assert rows[made.topics.definitions] == "1 for good the writer's"
    assert rows[made.topics.state] == "3 the newest of each key the writer's"


def test_topics_that_are_missing_are_listed_as_missing(unmade):
    result = run("topics", "list", deployment=unmade, COLUMNS="200")
    assert result.exit_code == 0
    assert f"{unmade.topics.journal}: expected a topic; found none" in result.output


def test_a_cluster_that_does_not_answer_is_told_in_a_sentence():
    address = f"127.0.0.1:{free_port()}"
    result = run("topics", "create", "--timeout", "0.5", SMART_ROUTING_BOOTSTRAP_SERVERS=address)
    assert (result.exit_code, result.output) == (1, f"Error: No Kafka broker answers at {address} within 0.5 seconds.\n")


def test_wrong_settings_are_told_in_a_sentence():
    result = run("topics", "create", SMART_ROUTING_PARTITIONS="many")
    assert result.exit_code == 1
    assert result.output.startswith("Error: SMART_ROUTING_PARTITIONS: expected a valid integer")
