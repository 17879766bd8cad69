"""Brings the tables of a family to their newest form, with Alembic."""

import threading
from importlib.resources import files
from typing import Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from connectors.sql.settings import SQLITE
from connectors.sql.sqlite import prepared

GROUND: Final = "sql"
"""The family of the tables that all others share."""

_LOCK: Final = 0x5352_4D49_4752  # any number that no other program of the database takes for its own locks
_one_at_a_time = threading.Lock()  # Alembic's `op`, which migrations use, is one for the whole process


def version_table(family: str) -> str:
    """Return the name of the table that holds which of a family's migrations were made."""
    return f"alembic_version_{family}"


def migrate(url: URL, family: str) -> None:
    """Make the migrations of the ground and of a family that are missing, all or none; who comes at the same time waits. Blocks.

    Args:
        url: the store.
        family: one whose migrations are in `connectors/<family>/migrations/versions`.

    Raises DBAPIError where the store does not answer.
    """
    on_sqlite = url.get_backend_name() == SQLITE
    engine = create_engine(url.set(drivername=SQLITE) if on_sqlite else url, poolclass=NullPool)
    if on_sqlite:
        prepared(engine)
    with _one_at_a_time:
        for of_family in dict.fromkeys((GROUND, family)):
            _upgrade(engine, of_family)


def _upgrade(engine: Engine, family: str) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == SQLITE:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        _run(connection, family)
        connection.commit()


def _run(connection: Connection, family: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(files(f"connectors.{family}") / "migrations"))
    scripts = ScriptDirectory.from_config(configuration)

    def steps(revision: object, _context: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]  # noqa: SLF001 - as Alembic's own command does

    with EnvironmentContext(configuration, scripts, fn=steps) as environment:
        environment.configure(connection=connection, version_table=version_table(family), render_as_batch=True)
        environment.run_migrations()
