"""What the examples bring along fits their definitions, and is found as their flows look for it."""

from pathlib import Path

import pytest
import yaml

from connectors.crm import office as crm_office
from connectors.databases import office as databases_office
from tests.connectors.crm.card_bench import cards
from tests.connectors.databases.row_bench import rows
from tests.connectors.office.office_bench import TOKEN, serving_office, staff
from tests.connectors.record_bench import publish, published

EXAMPLES = Path(__file__).parents[3] / "examples"
ADA, GRACE, MARY, EDITH = (f"+44740012310{number}" for number in range(1, 5))


@pytest.fixture
def deployment(kafka, redis_server):
    yield from published(kafka, "crm", {}, redis_server.url)


async def test_the_data_of_the_examples(deployment, tmp_path):
    sql_url = f"sqlite:///{tmp_path / 'connectors.db'}"
    requests = []
    for example in ("order_status", "appointment_booking", "lead_qualification"):
        for path in sorted((EXAMPLES / example / "definitions").glob("*.yaml")):
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            if document["kind"] in {"database", "crm", "crm_v2"}:
                publish(deployment, document.pop("reference"), document, document.pop("id"))
        requests += yaml.safe_load((EXAMPLES / example / "data.yaml").read_text(encoding="utf-8"))["requests"]
    parts = [crm_office.mount, databases_office.mount]
    async with serving_office(deployment, parts, SMART_ROUTING_SQL_URL=sql_url, **staff()) as client:
        program = client(TOKEN)
        for request in requests:
            status, said = await program.call("POST", request["path"], request["body"])
            assert status == 201, (request, said)
    async with rows(deployment, sql_url, "trail_orders") as orders:
        found = await orders.read(("number", "58102"), ("email", "sam@example.com"), columns=("item", "status", "carrier"))
        assert found == ("pair of Scree boots", "delivered", "FedEx")
        orders.database = "glycines_patients"
        assert await orders.read(("phone", "+33612345679"), columns=("name", "email")) == ("Paul Girard", "")
    async with cards(deployment, sql_url) as crm:
        assert (await crm.find(("phone", EDITH), crm="solar_contacts"))[2]["electric_car"] == "true"
        assert (await crm.find(("phone", ADA), crm="solar_contacts"))[0] == "none"
        assert (await crm.scenario(("phone", GRACE), crm="solar_sales"))[2]["asked_on"] == "2026-11-03"
        assert (await crm.scenario(("phone", MARY), crm="solar_sales"))[0] == "several"
