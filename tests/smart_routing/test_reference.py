"""The generated reference is what the sources say, reads in authors' words, and its links lead somewhere."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from click.testing import CliRunner, Result
from pydantic import Field

from processor.actions import action_types
from processor.engine.commands import CommandBody
from processor.engine.entities import KINDS
from processor.engine.parameters import EntityReference, Parameter
from processor.engine.reasons import ENDED, REASONS, REFUSED
from processor.flow.rules import RULES
from schemas.topics import Topics
from smart_routing.cli import main
from smart_routing.reference.fields import fields_of
from smart_routing.reference.markdown import as_yaml, code, table
from smart_routing.reference.pages import FOLDER, NAMED, pages
from smart_routing.reference.schema_names import schema_names

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["reference", *arguments])


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return dict(pages(ROOT))


def sections(text: str) -> dict[str, str]:
    """Return what stands below each heading of the second level and beyond."""
    parts = re.split(r"^#{2,4} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_pages_are_what_the_sources_say() -> None:
    result = run("--check", "--checkout", str(ROOT))
    assert result.exit_code == 0, result.output


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but what the pages are made of."""
    (tmp_path / FOLDER).mkdir(parents=True)
    shutil.copytree(ROOT / NAMED, tmp_path / NAMED)
    return tmp_path


def test_missing_and_stale_pages_are_told_and_written(checkout: Path) -> None:
    before = run("--check", "--checkout", str(checkout))
    assert before.exit_code == 1
    assert "README.md, actions.md" in before.output
    assert not list((checkout / FOLDER).iterdir())
    assert "6 of 6 pages written" in run("--checkout", str(checkout)).output
    assert run("--check", "--checkout", str(checkout)).exit_code == 0
    (checkout / FOLDER / "lint.md").write_text("edited")
    stale = run("--check", "--checkout", str(checkout))
    assert stale.exit_code == 1
    assert "lint.md: not what the sources say; run `smart-routing reference`" in stale.output
    assert "1 of 6 pages written: lint.md." in run("--checkout", str(checkout)).output
    assert "nothing has changed" in run("--checkout", str(checkout)).output


def test_away_from_the_sources_that_is_told(tmp_path: Path) -> None:
    result = run("--checkout", str(tmp_path))
    assert result.exit_code == 1
    assert "expected the project's sources; found no docs/reference and no tests/actions/named" in result.output


def test_a_document_that_examples_name_and_that_cannot_be_read_is_told(checkout: Path) -> None:
    (checkout / NAMED / "checkpoint.yaml").write_text("{kind: checkpoint, id: 3}")
    result = run("--checkout", str(checkout))
    assert result.exit_code == 1
    assert "an example: " in result.output
    assert "expected" in result.output


@pytest.mark.parametrize("name", action_types())
def test_every_type_has_its_branches_its_parameters_and_what_its_example_did(name: str, written: dict[str, str]) -> None:
    action_type = action_types()[name]
    section = sections(written["actions.md"])[f"{action_type.section} {name}"]
    for parameter in set(action_type.model_fields) - {"links"}:
        shown = f"`{parameter}`" in section
        assert shown or re.search(rf"`{re.sub('[0-9]+$', '', parameter)}[0-9]+` … ", section), parameter
    assert re.search(r"^Applied, it (takes `|waits for |hands over to )", section, re.MULTILINE)
    assert f"type: {name}\n" in section


def leaves(body: type[CommandBody]) -> Iterator[type[CommandBody]]:
    """Give the commands that have a record of their own."""
    for inner in body.__subclasses__():
        yield from leaves(inner)
    if not body.__subclasses__():
        yield body


def test_every_kind_every_code_every_topic_and_every_record_is_there(written: dict[str, str]) -> None:
    assert {"flow", *KINDS} <= set(sections(written["definitions.md"]))
    for page, codes in {"lint.md": {rule.code for rule in RULES}, "reasons.md": {*REASONS, *ENDED, *REFUSED}}.items():
        assert {code for code in codes if f"| `{code}` |" not in written[page]} == set()
    described = written["records.md"]
    for topic in (*Topics("").inputs, "journal", "definitions", "state", "dead-letters", "commands.<family>"):
        assert f"| `{topic}` |" in described
    records = sections(described)
    assert len([name for name in records if name[0].isupper()]) > len(schema_names())
    for body in leaves(CommandBody):
        for field in body.__struct_fields__:
            assert f"| `{field}` |" in records[body.__name__], f"{body.__name__}.{field}"


def test_links_lead_somewhere(written: dict[str, str]) -> None:
    texts = {**written, **{path.name: path.read_text("utf-8") for path in (ROOT / FOLDER).glob("*.md") if path.name not in written}}
    anchors = {
        name: {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        for name, text in texts.items()
    }
    links = [
        (name, page or name, anchor)
        for name, text in texts.items()
        for page, anchor in re.findall(r"\]\(([\w.]*\.md|)(?:#([\w-]+))?\)", text)
    ]
    assert len(links) > 100
    for name, page, anchor in links:
        assert page in texts, f"{name}: {page}"
        assert not anchor or anchor in anchors[page], f"{name}: {page}#{anchor}"


def test_no_name_of_a_class_or_module_gets_into_what_authors_read(written: dict[str, str]) -> None:
    for name in ("actions.md", "definitions.md", "lint.md"):
        assert not re.findall(r"\w+(?:Reference|Definition|Parameter)\b|\bNone\b|\bpydantic\b|\$defs|processor\.", written[name])


class _ThingReference(EntityReference):
    """A thing."""

    kind = "checkpoint"


class _Item(Parameter):
    """One item."""

    name: str = Field(min_length=2, max_length=2, description="Its name.")


class _Everything(Parameter):
    """One of each."""

    thing: _ThingReference
    maybe: _ThingReference | None = Field(default=None, description="Perhaps another.")
    items: list[_Item] = Field(min_length=1, description="Items | parts.")
    by_name: dict[str, _Item] = Field(default_factory=dict, description="By name.")
    one: _Item = Field(description="Just one.")
    ratio: float = Field(default=0.5, ge=0)
    most: int = Field(default=3, le=1000)
    word: Literal["only"] = "only"
    either: Literal["a", "b"] | bool = True
    plate: Annotated[str, Field(pattern="^[a-z]`+$")] = "x"
    words: list[Literal["a", "b"]] = Field(default_factory=list)
    anything: dict[str, Any] = Field(default_factory=dict)
    no_1: int = 1
    no_2: int = 1


def test_types_are_said_in_words() -> None:
    head, line, *rows = fields_of(_Everything, leave_out=frozenset({"anything"}), definitions="definitions.md").splitlines()
    assert head == "| field | type | default | meaning |"
    assert line == "|---|---|---|---|"
    assert rows == [
        "| `thing` | [checkpoint](definitions.md#checkpoint), by `id` or `reference` | **required** | A thing. |",
        "| `maybe` | [checkpoint](definitions.md#checkpoint), by `id` or `reference` | — | Perhaps another. |",
        "| `items` | list of 1 or more groups | **required** | Items \\| parts. |",
        "| `items[].name` | text of 2 characters | **required** | Its name. |",
        "| `by_name` | map: name → group | empty | By name. |",
        "| `by_name.*.name` | text of 2 characters | **required** | Its name. |",
        "| `one` | group | **required** | Just one. |",
        "| `one.name` | text of 2 characters | **required** | Its name. |",
        "| `ratio` | number 0 or more | `0.5` |  |",
        "| `most` | whole number at most 1,000 | `3` |  |",
        "| `word` | `only` | `only` |  |",
        "| `either` | one of `a`, `b`, true or false | `true` |  |",
        "| `plate` | text (of the form `` ^[a-z]`+$ ``) | `x` |  |",
        "| `words` | list of `a`, `b` | empty |  |",
        "| `no_1` … `no_2` | whole number | `1` |  |",
    ]


def test_a_table_without_rows_is_nothing_and_data_has_no_anchors() -> None:
    assert table(("a", "b"), []) == ""
    assert code("a`b") == "`` a`b ``"
    twice = {"x": [1]}
    assert as_yaml({"one": twice, "other": twice}) == "```yaml\none:\n  x: [1]\nother:\n  x: [1]\n```"
