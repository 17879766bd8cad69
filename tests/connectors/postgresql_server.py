"""A real PostgreSQL server on loopback, run from Debian's packages."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

from smart_routing.free_port import free_port

_START_SECONDS = 30
_USER = "tests"
# A process that is killed loses nothing so; a machine that loses power might.
_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def _folder_of_programs() -> Path:
    """The folder of `initdb` and `postgres`: of PATH, else the newest of Debian's."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        pytest.fail("These tests need a PostgreSQL server and none is found: on Debian, apt-get install postgresql.", pytrace=False)
    return versions[-1].parent


class PostgresqlServer:
    """One server with its data in a temporary folder; nothing of it outlives the context. It does not run as root: then `postgres` does."""

    def __init__(self) -> None:
        self.port = free_port()
        self._programs = _folder_of_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="smart-routing-postgresql-"))
        self._as = "postgres" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The address of one of its databases, as settings take it."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        if self._as is not None:
            shutil.chown(self._folder, self._as)
        data = self._folder / "data"
        command = [str(self._programs / "initdb"), "--username", _USER, "--auth", "trust", "--encoding", "UTF8", "--no-sync", str(data)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=self._as, cwd=self._folder)
        self.start()
        return self

    def start(self) -> None:
        """Start it, with the data that there is."""
        options = [part for name, value in _FAST.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", str(self._folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        command = [str(self._programs / "postgres"), *where, *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._as, cwd=self._folder)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    pytest.fail(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}", pytrace=False)
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Close all connections and stop; its data stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # "immediate shutdown": what was not committed is gone
            self._process.wait()
            self._process = None

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, and give its address."""
        name = f"test_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def empty(self, url: str) -> None:
        """Leave no row in a database but those that tell of its migrations, number new ones from 1, and cut off whoever is connected."""
        self.shut(url)
        self.reopen(url)
        with psycopg.connect(url, autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%'")
            delete = "; ".join(f"DELETE FROM {name}" for (name,) in tables)
            connection.execute(f"SET session_replication_role = replica; {delete}".encode())  # without a look at foreign keys
            connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")

    def shut(self, url: str) -> None:
        """Close all connections to a database and take no further ones: to whoever uses it the store is away."""
        name = url.rpartition("/")[2]
        self.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def reopen(self, url: str) -> None:
        """Let them come again."""
        self.execute(f"ALTER DATABASE {url.rpartition('/')[2]} ALLOW_CONNECTIONS true")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
