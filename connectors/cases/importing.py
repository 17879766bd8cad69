"""Cases brought from a file, such as those of the system before, or those that a demo begins with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.cases import store
from connectors.cases.actor import Actor
from connectors.cases.case_type import KIND, CaseType
from connectors.cases.new_case import NewCase, Reference, opened
from connectors.cases.settings import CasesSettings
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database


class ImportRefused(ValueError):
    """The file cannot be taken, and nothing of it was; the message names every fault, with its place."""


class BroughtCase(NewCase):
    """A case of a file; it has its reference, by which it is known when the file is brought again."""

    reference: Reference


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    cases: tuple[BroughtCase, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's cases."""

    opened: int
    there_already: int
    """Cases whose reference is known; they stay as they are."""


def read_cases(path: Path) -> Sequence[BroughtCase]:
    """Read a file: YAML with a list `cases`, each as the API takes a new case, with `reference`.

    Raises ImportRefused.
    """
    try:
        return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).cases
    except OSError as error:
        raise ImportRefused(f"{path}: expected a file that can be read; found {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path}: expected YAML in UTF-8; found {' '.join(str(error).split())}") from error
    except ValidationError as invalid:
        faults = (
            f"{path}, {'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg']}" for error in invalid.errors(include_url=False)
        )
        raise ImportRefused("\n".join(faults)) from None


async def import_cases(surroundings: Surroundings, cases: Sequence[BroughtCase], by: str) -> Imported:
    """Open the cases that are not there yet, all of them or none; `by` is who does it, for their history.

    Raises:
        ImportRefused: a case's type is not in service, or a value does not fit it.
        Retry: the store, or Kafka, does not answer.
    """
    async with _open(surroundings) as (database, definitions):
        documents = {name: await definitions.find(KIND, name) for name in sorted({case.type for case in cases})}
        types = {name: CaseType.of(document) for name, document in documents.items() if document is not None}
        faults = [
            f"cases.{number}.type: expected a case type in service; found {case.type!r}"
            for number, case in enumerate(cases)
            if case.type not in types
        ]
        prefix, actor, count = surroundings.read(CasesSettings).reference_prefix, Actor.staff(by), 0
        async with database.writing() as connection:
            for number, case in enumerate(cases):
                if case.type not in types or await store.by_reference(connection, case.reference) is not None:
                    continue
                try:
                    await opened(connection, case, types[case.type], prefix, actor, did="imported")
                except Refused as refused:
                    faults.append(f"cases.{number} ({case.reference}): {refused.detail}")
                    if refused.reason == "reference_taken":  # somebody else has just opened it, and the transaction has failed
                        break
                count += 1
            if faults:
                raise ImportRefused("\n".join(faults))  # which rolls back
        return Imported(count, len(cases) - count)


@asynccontextmanager
async def _open(surroundings: Surroundings) -> AsyncIterator[tuple[Database, Definitions]]:
    database, definitions = Database(surroundings, "cases"), Definitions(surroundings)
    try:
        await database.open()
        await definitions.open()
        yield database, definitions
    finally:
        await definitions.close()
        await database.close()
