"""`smart-routing databases` and `smart-routing crm`."""

import pytest
from click.testing import CliRunner

from smart_routing.cli import main
from tests.connectors.crm.card_bench import DEFINITIONS
from tests.connectors.databases.row_bench import ORDERS
from tests.connectors.record_bench import published


@pytest.fixture
def deployment(kafka):
    yield from published(kafka, "databases", {"orders": ORDERS, **DEFINITIONS})


@pytest.fixture
def run(deployment, tmp_path):
    """Runs a command against definitions that are published, and a store."""
    environment = {**deployment.to_environment(), "SMART_ROUTING_SQL_URL": f"sqlite:///{tmp_path / 'connectors.db'}"}

    def run(*arguments: str, text: str | None = None):
        if text is not None:
            (tmp_path / "file.csv").write_text(text, encoding="utf-8")
        given = [str(tmp_path / "file.csv") if argument == "FILE" else argument for argument in arguments]
        result = CliRunner().invoke(main, given, env=environment)
        return result.exit_code, result.output

    return run


def test_rows_go_in_and_out(run):
    text = "number,status,city\n58214,open,Lyon\n58215,held,=1+1\n"
    assert run("databases", "import", "orders", "FILE", text=text) == (0, "2 rows added\n")
    assert run("databases", "import", "orders", "FILE", "--if-empty") == (0, "0 rows added\n")
    status, said = run("databases", "export", "orders")
    assert status == 0
    assert said.splitlines()[1:] == ["58214,,open,,,,,,,Lyon", "58215,,held,,,,,,,'=1+1"]
    assert run("databases", "import", "orders", "FILE", text="number,status\n1,open\nx,open\n") == (
        1,
        "Error: line 3: Field number: expected a number such as -1234.5; found 1 characters that are none.\n",
    )
    assert run("databases", "import", "returns", "FILE") == (1, "Error: database: expected one of orders; found 'returns'\n")


def test_cards_go_in_and_out(run):
    assert run("crm", "import", "contacts", "FILE", text="phone,name\n+33612345678,Ann\n") == (0, "1 cards added\n")
    assert run("crm", "import", "sales/lead", "FILE") == (0, "1 cards added\n")
    assert run("crm", "export", "sales/lead")[1].splitlines()[1] == "+33612345678,Ann,,,,,"
    assert run("crm", "import", "members", "FILE", text="number\n7\n7\n") == (
        1,
        "Error: Field number: expected a value that no other card has, found one that another has.\n",
    )
    status, said = run("crm", "import", "nobody", "FILE")
    assert (status, said) == (
        1,
        "Error: directory: expected one of contacts, members, partners, sales/lead, sales/company; found 'nobody'\n",
    )
