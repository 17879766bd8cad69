"""Cases brought from a file."""

import asyncio

from click.testing import CliRunner

from smart_routing.cli import main
from tests.connectors.cases.case_bench import commands

FILE = """
cases:
  - reference: FA-20431
    type: complaint
    title: Rucksack from Oslo
    status: open
    fields: {refund: "012.50", flown_on: "2026-03-01"}
    opened_at: 2026-03-02T10:00:00+01:00
    customer: {channel: web_chat, account: demo, address: ann}
  - reference: C-2026-000007
    type: order
    title: An order
    fields: {number: "17"}
    opened_at: 2026-03-01T10:00:00+01:00
"""


def brought(types, sql_url, path, text=FILE):
    path.write_text(text, encoding="utf-8")
    environment = {**types.to_environment(), "SMART_ROUTING_SQL_URL": sql_url}
    result = CliRunner().invoke(main, ["cases", "import", str(path), "--by", "the tests"], env=environment)
    return result.exit_code, result.output


async def test_cases_are_brought_once_and_found_by_flows(types, sql_url, tmp_path):
    async with commands(types, sql_url) as cases:
        assert await asyncio.to_thread(brought, types, sql_url, tmp_path / "cases.yaml") == (
            0,
            "2 cases were opened, 0 were there already.\n",
        )
        assert (await cases.modify("1", "FA-20431", {"status": "answered"}))[0] == "ok"
        assert await asyncio.to_thread(brought, types, sql_url, tmp_path / "cases.yaml") == (
            0,
            "0 cases were opened, 2 were there already.\n",
        )
        outcome, _, values = await cases.associate("2")
        assert (outcome, values["reference"], values["status"], values["refund"]) == ("ok", "FA-20431", "answered", "12.5")
        assert (await cases.create("3", address="ben"))[2]["reference"] == "C-2026-000008"


async def test_a_file_with_faults_is_refused_as_a_whole_with_all_of_them(types, sql_url, tmp_path):
    text = FILE.replace("type: order", "type: none").replace('"012.50"', '"a lot"')
    async with commands(types, sql_url) as cases:
        status, said = await asyncio.to_thread(brought, types, sql_url, tmp_path / "cases.yaml", text)
        assert status == 1
        assert "cases.1.type: expected a case type in service; found 'none'" in said
        assert "cases.0 (FA-20431): Field refund: expected a number" in said
        assert await cases.count("cases_case") == 0


async def test_what_is_no_such_file_is_refused_with_its_places(types, sql_url, tmp_path):
    for text, said in (
        ("cases: [{type: order, title: x}]", "cases.0.reference"),
        ("cases: [{reference: '../x', type: order, title: x}]", "cases.0.reference"),
        ("cases: [{reference: x, type: order, title: x, fields: {number: 17}}]", "cases.0.fields.number"),
        ("- x", "the file"),
        ("cases: [", "expected YAML"),
    ):
        status, told = await asyncio.to_thread(brought, types, sql_url, tmp_path / "cases.yaml", text)
        assert (status, said in told) == (1, True), told
