"""Links that customers are sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.framework.links import Links
from connectors.framework.settings import ConnectorSettings, SettingsError
from schemas.deployment import Deployment
from tests.connectors.command_bench import around

SETTINGS = ConnectorSettings.model_validate({"link_secret": "a secret of the tests", "public_url": "https://chat.example/"})
LINKS = Links(around(Deployment(), SETTINGS))


def test_a_link_says_what_it_is_about():
    url = LINKS.url("survey", "/surveys", "c1-1-2-0")
    assert url.startswith("https://chat.example/surveys/")
    assert LINKS.subject("survey", url.rpartition("/")[2]) == "c1-1-2-0"


def test_a_link_of_another_purpose_or_secret_leads_nowhere():
    token = LINKS.token("survey", "c1-1-2-0")
    assert LINKS.subject("payment", token) is None
    other = Links(around(Deployment(), ConnectorSettings.model_validate({"link_secret": "another secret of the tests"})))
    assert other.subject("survey", token) is None


@given(st.integers(0, 60), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_link_with_any_character_altered_leads_nowhere(at, character):
    token = LINKS.token("survey", "c1-1-2-0")
    altered = token[: at % len(token)] + character + token[at % len(token) + 1 :]
    assert altered == token or LINKS.subject("survey", altered) is None


@given(st.text(max_size=100))
def test_a_guess_leads_nowhere(guess):
    assert LINKS.subject("survey", guess) is None


def test_without_a_secret_there_are_no_links():
    with pytest.raises(SettingsError, match="SMART_ROUTING_CONNECTORS_LINK_SECRET: expected a secret"):
        Links(around(Deployment()))
    assert Links(around(Deployment(embedded=True))).token("survey", "x")
