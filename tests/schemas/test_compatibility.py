"""Released schemas stay readable, and a change that breaks that is refused."""

import json
import shutil

import pytest

from schemas.codec import current_schema, packaged_id
from schemas.release import FOLDER, IncompatibleSchema, differences, main, release, released

CURRENT = sorted(path.stem for path in (FOLDER / "avro").glob("*.avsc"))


def current(name):
    return (FOLDER / "avro" / f"{name}.avsc").read_text("utf-8")


@pytest.mark.parametrize("old", released(), ids=lambda old: f"{old.number:03}_{old.name}")
def test_the_current_schema_reads_what_was_written_with_every_released_one(old):
    assert differences(reader=current(old.name), writer=old.text) == []


@pytest.mark.parametrize("name", CURRENT)
def test_every_current_schema_is_released(name):
    assert packaged_id(name) in {old.number for old in released() if old.name == name}


def test_ids_are_given_once():
    numbers = [old.number for old in released()]
    assert len(numbers) == len(set(numbers))


def named(schema):
    """Every record and field within a schema, with its path."""

    def walk(node, path):
        match node:
            case {"type": "record", "name": name, "fields": fields}:
                yield f"{path}{name}", node
                for field in fields:
                    yield f"{path}{name}.{field['name']}", field
                    yield from walk(field["type"], f"{path}{name}.{field['name']}.")
            case {"type": "array", "items": inner} | {"type": "map", "values": inner} | {"type": dict(inner)}:
                yield from walk(inner, path)
            case list():
                for branch in node:
                    yield from walk(branch, path)

    return list(walk(schema, ""))


@pytest.mark.parametrize("name", CURRENT)
def test_every_record_and_every_field_is_documented(name):
    found = named(current_schema(name))
    assert len(found) > 1
    assert [path for path, node in found if not node.get("doc", "").strip()] == []


@pytest.fixture
def folder(tmp_path):
    for part in ("avro", "released"):
        shutil.copytree(FOLDER / part, tmp_path / part)
    return tmp_path


def change(folder, name, edit):
    path = folder / "avro" / f"{name}.avsc"
    schema = json.loads(path.read_text("utf-8"))
    edit(schema)
    path.write_text(json.dumps(schema, indent=2), "utf-8")


def field(schema, name):
    return next(field for field in schema["fields"] if field["name"] == name)


def with_default(schema):
    schema["fields"].append({"name": "zone", "type": ["null", "string"], "default": None, "doc": "New."})


def test_nothing_changed_releases_nothing(folder, capsys):
    assert main([], folder) == 0
    assert capsys.readouterr().out == "nothing has changed\n"


def test_a_compatible_change_is_released_under_the_next_id_and_only_once(folder, capsys):
    following = max(old.number for old in released()) + 1
    change(folder, "tick", with_default)
    assert main([], folder) == 0
    assert capsys.readouterr().out == f"released {following:03}_tick.avsc\n"
    assert released(folder)[-1].text == (folder / "avro" / "tick.avsc").read_text("utf-8")
    assert release(folder) == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda schema: schema["fields"].append({"name": "zone", "type": "string", "doc": "No default."}), "to read what was written with"),
        (lambda schema: field(schema, "ticker").update(type="long"), "to read what was written with"),
        (lambda schema: field(schema, "ticked_at").update(name="at"), "to read what was written with"),
        (lambda schema: schema.update(name="Tock"), "to read what was written with"),
        (lambda schema: schema["fields"].remove(field(schema, "ticker")), "to read what is written with it"),
        (lambda schema: field(schema, "ticker").update(type=["null", "string"]), "to read what is written with it"),
    ],
    ids=["a field without default", "another type", "another name", "another record", "a field less", "null allowed"],
)
def test_an_incompatible_change_is_refused_and_nothing_is_released(folder, capsys, edit, said):
    change(folder, "redriven", with_default)
    change(folder, "tick", edit)
    before = released(folder)
    assert main([], folder) == 1
    message = capsys.readouterr().err
    assert message.startswith("avro/tick.avsc: expected")
    assert said in message
    assert "004_tick.avsc" in message
    assert released(folder) == before


def test_a_change_must_read_every_released_schema_not_only_the_last(folder):
    """A type widened twice: each step is compatible, and a step back is not with the middle one."""
    change(folder, "tick", lambda schema: field(schema, "ticked_at").update(type="double"))
    release(folder, readers_first=True)
    change(folder, "tick", lambda schema: field(schema, "ticked_at").update(type="float"))
    with pytest.raises(IncompatibleSchema, match=r"to read what was written with released/\d+_tick"):
        release(folder, readers_first=True)


def test_a_new_command_needs_its_readers_to_be_upgraded_first(folder):
    new = {"type": "record", "name": "SendSticker", "namespace": "smart_routing", "doc": "New.", "fields": []}
    change(folder, "messaging_command", lambda schema: field(schema, "body")["type"].append(new))
    with pytest.raises(IncompatibleSchema, match="--readers-first"):
        release(folder)
    assert [path.name[4:] for path in release(folder, readers_first=True)] == ["messaging_command.avsc"]


def test_a_schema_that_was_released_cannot_go(folder):
    (folder / "avro" / "tick.avsc").unlink()
    with pytest.raises(IncompatibleSchema, match=r"avro/tick\.avsc: expected a schema"):
        release(folder)


def test_the_first_schema_gets_the_first_id(tmp_path):
    (tmp_path / "released").mkdir()
    (tmp_path / "avro").mkdir()
    shutil.copy(FOLDER / "avro" / "tick.avsc", tmp_path / "avro")
    assert [path.name for path in release(tmp_path)] == ["001_tick.avsc"]
