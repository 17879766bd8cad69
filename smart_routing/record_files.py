"""Records in and out of files, for `smart-routing databases` and `smart-routing crm`."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import click
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from connectors.framework.errors import CommandFailed
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.records.record_file import FileRefused
from connectors.records.record_store import RecordStore

Done = TypeVar("Done")
Open = Callable[[Surroundings, str], AbstractAsyncContextManager[RecordStore]]

FILE: Final = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
IF_EMPTY: Final = click.option("--if-empty", is_flag=True, help="Add nothing where there is something already.")
OUTPUT: Final = click.option(
    "--output", "-o", type=click.File("wb", lazy=True), default="-", help="The file; standard output, unless given."
)


def import_file(opened: Open, name: str, file: Path, *, if_empty: bool) -> int:
    """Add the records of a file and return how many. Raises ClickException with a sentence for people."""

    async def run() -> int:
        async with opened(Surroundings.from_environment(os.environ), name) as store:
            return await store.import_file(await asyncio.to_thread(file.read_bytes), if_empty=if_empty)

    return _told(run)


def export_file(opened: Open, name: str, output: BinaryIO) -> None:
    """Write all records. Raises ClickException with a sentence for people."""

    async def run() -> None:
        async with opened(Surroundings.from_environment(os.environ), name) as store:
            async for lines in store.export():
                output.write(lines)

    _told(run)


def _told(run: Callable[[], Coroutine[Any, Any, Done]]) -> Done:
    try:
        return asyncio.run(run())
    except CommandFailed as failed:
        raise click.ClickException(failed.detail or failed.reason) from failed
    except (FileRefused, SettingsError, KafkaError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from error
