"""Releases changed schemas: `python -m schemas.release`.

A released schema is never edited, because records written with it stay on their topics. A change is made in `avro/NAME.avsc`; releasing
copies it to `released/NNN_NAME.avsc` under the next id, once it is proved compatible with all that was released before, by the rules of
Avro's schema resolution.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

FOLDER: Final = Path(__file__).parent


class IncompatibleSchema(Exception):
    """A changed schema cannot be released; the message names it, what it cannot do and why."""


@dataclass(frozen=True, slots=True)
class Released:
    """One released schema."""

    number: int
    name: str
    text: str


def released(folder: Path = FOLDER) -> list[Released]:
    """Return every released schema, oldest first."""
    found = []
    for path in sorted((folder / "released").glob("*.avsc")):
        number, _, name = path.stem.partition("_")
        found.append(Released(int(number), name, path.read_text("utf-8")))
    return sorted(found, key=lambda one: one.number)


def differences(reader: str, writer: str) -> list[str]:
    """Return why a reader with one schema cannot read what was written with another, or nothing where it can."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # its constructor has no annotation
    result = checker.get_compatibility(avro.schema.parse(reader), avro.schema.parse(writer))
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    reasons = sorted(str(message) for message in result.messages)
    return [*reasons, f"at {', '.join(sorted(str(location) for location in result.locations))}"]


def check(name: str, text: str, before: Sequence[Released], *, readers_first: bool = False) -> None:
    """Hold a schema against the released ones of its name, oldest first.

    Raises IncompatibleSchema where it cannot read one of them, or, unless `readers_first`, the last of them cannot read it.
    """
    for old in before:
        reasons = differences(reader=text, writer=old.text)
        if reasons:
            raise IncompatibleSchema(
                f"avro/{name}.avsc: expected to read what was written with released/{old.number:03}_{name}.avsc, "
                f"found that it cannot: {'; '.join(reasons)}. Give new fields a default, and keep names and types."
            )
    if before and not readers_first:
        reasons = differences(reader=before[-1].text, writer=text)
        if reasons:
            raise IncompatibleSchema(
                f"avro/{name}.avsc: expected released/{before[-1].number:03}_{name}.avsc to read what is written with it, "
                f"found that it cannot: {'; '.join(reasons)}. During an upgrade both are in use. Where every reader is upgraded before the "
                "first writer, as a new command needs it, release it with --readers-first."
            )


def release(folder: Path = FOLDER, *, readers_first: bool = False) -> list[Path]:
    """Release every changed schema and return the new files; all of them, or none.

    Raises IncompatibleSchema.
    """
    before = released(folder)
    missing = {old.name for old in before} - {path.stem for path in (folder / "avro").glob("*.avsc")}
    if missing:
        raise IncompatibleSchema(f"avro/{min(missing)}.avsc: expected a schema, because records of it were released; found no file")
    number = max((old.number for old in before), default=0)
    new: list[tuple[Path, str]] = []
    for name, text in _changed(folder, before):
        check(name, text, [old for old in before if old.name == name], readers_first=readers_first)
        number += 1
        new.append((folder / "released" / f"{number:03}_{name}.avsc", text))
    for path, text in new:
        path.write_text(text, "utf-8")
    return [path for path, _ in new]


def _changed(folder: Path, before: Sequence[Released]) -> Iterator[tuple[str, str]]:
    for path in sorted((folder / "avro").glob("*.avsc")):
        text = path.read_text("utf-8")
        schema = json.loads(text)
        if not any(old.name == path.stem and json.loads(old.text) == schema for old in before):
            yield path.stem, text


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Release, say what was released, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m schemas.release", description="Release every changed schema under the next id.")
    parser.add_argument("--readers-first", action="store_true", help="all readers are upgraded before the first writer")
    try:
        new = release(folder, readers_first=parser.parse_args(arguments).readers_first)
    except IncompatibleSchema as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"released {path.name}\n" for path in new) or "nothing has changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
