"""Every family's migrations against its tables."""

import importlib
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine
from sqlalchemy.engine import make_url

from connectors.sql.migration import GROUND, migrate, version_table
from connectors.sql.settings import SQLITE

FAMILIES = sorted(path.name for path in files("connectors").iterdir() if path.is_dir() and (path / "migrations").is_dir())


def tables_of(family: str) -> MetaData:
    metadata = importlib.import_module(f"connectors.{family}.tables").metadata
    assert isinstance(metadata, MetaData)
    return metadata


@pytest.fixture
def url(sql_url):
    made = make_url(sql_url)
    return made if made.drivername == SQLITE else made.set(drivername="postgresql+psycopg")


def test_there_are_families_with_tables():
    assert {GROUND, "cases"} <= set(FAMILIES)


def test_the_migrations_make_the_tables_that_the_code_has(url):
    """All in one store, as families are run."""
    engine = create_engine(url)
    for family in FAMILIES:
        migrate(url, family)
        migrate(url, family)  # and a second time nothing
        names = {table.name for table in tables_of(family).tables.values()}
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "version_table": version_table(family),
                    "compare_type": True,
                    "include_name": lambda name, kind, _parents, names=names: kind != "table" or name in names,
                },
            )
            assert compare_metadata(context, tables_of(family)) == [], family
    engine.dispose()


def test_families_share_a_store_without_meeting():
    """Whose name a table bears, so that nobody's migration touches another's."""
    owners: dict[str, str] = {}
    for family in FAMILIES:
        for name in tables_of(family).tables:
            assert family == GROUND or name.startswith(family)
            assert owners.setdefault(name, family) == family
