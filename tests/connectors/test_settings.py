"""Settings of connectors."""

import pytest
from click.testing import CliRunner

from connectors.framework.settings import ConnectorSettings, SettingsError
from smart_routing.cli import main


def test_what_is_not_set_has_its_default_and_lists_are_separated_by_commas():
    environment = {
        "SMART_ROUTING_CONNECTORS_CONCURRENCY": "7",
        "SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS": "10.0.0.0/8, fd00::/8,",
        "SMART_ROUTING_CONNECTORS_ALLOWED_HOSTS": "orders.internal:8080",
        "SMART_ROUTING_CONNECTORS_CHAT_ACCOUNTS": " ",
    }
    settings = ConnectorSettings.from_environment(environment)
    assert settings.concurrency == 7
    assert [str(network) for network in settings.allowed_networks] == ["10.0.0.0/8", "fd00::/8"]
    assert settings.allowed_hosts == ("orders.internal:8080",)
    assert settings.chat_accounts == ("demo",)
    assert ConnectorSettings.from_environment(settings.to_environment()) == settings


def test_all_that_is_wrong_is_named_at_once():
    environment = {
        "SMART_ROUTING_CONNECTORS_CONCURRENCY": "many",
        "SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS": "10.1.2.3/8",
        "SMART_ROUTING_CONNECTORS_DRAIN_SECONDS": "-1",
    }
    with pytest.raises(SettingsError) as wrong:
        ConnectorSettings.from_environment(environment)
    assert len(str(wrong.value).splitlines()) == 3
    assert "SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS: expected networks" in str(wrong.value)
    assert "found '10.1.2.3/8'" in str(wrong.value)


@pytest.mark.parametrize("command", [["connectors", "run"], ["gateway"], ["connectors", "settings"]])
def test_commands_tell_what_is_wrong_in_a_sentence(command, monkeypatch):
    monkeypatch.setenv("SMART_ROUTING_CONNECTORS_CONCURRENCY", "many")
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "SMART_ROUTING_CONNECTORS_CONCURRENCY: expected" in result.output
    assert "Traceback" not in result.output


def test_a_port_in_use_is_told_in_a_sentence(redis_server):
    result = CliRunner().invoke(main, ["gateway", "--port", str(redis_server.port)], env={"SMART_ROUTING_EMBEDDED": "true"})
    assert result.exit_code == 1
    assert "choose another --port" in result.output


def test_settings_are_listed():
    result = CliRunner().invoke(main, ["connectors", "settings"])
    assert result.exit_code == 0
    assert "SMART_ROUTING_CONNECTORS_ALLOWED_HOSTS=\n" in result.output


def test_an_unknown_family_is_refused():
    result = CliRunner().invoke(main, ["connectors", "run", "pigeons"])
    assert result.exit_code == 2
    assert "messaging" in result.output
