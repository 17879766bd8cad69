"""Apache Kafka's published jars, fetched once by Maven into a folder of the user's cache."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smart_routing.cannot_start import CannotStart

KAFKA_VERSION = "4.1.0"

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_OLDEST_JAVA = 17
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>smart-routing</groupId>
  <artifactId>kafka</artifactId>
  <version>{KAFKA_VERSION}</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""


def find_java() -> str:
    """The path of a Java runtime that can run Kafka: JAVA_HOME's, else the one on PATH.

    Raises:
        CannotStart: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else None
    java = java or shutil.which("java")
    if java is None:
        raise CannotStart(
            f"Apache Kafka needs Java {_OLDEST_JAVA} or later and none is on PATH: on Debian, apt-get install openjdk-17-jre-headless."
        )
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        found = said.partition("\n")[0].strip() or "a program that does not tell its version"
        raise CannotStart(
            f"Apache Kafka needs Java {_OLDEST_JAVA} or later; {java} is {found}: on Debian, apt-get install openjdk-17-jre-headless."
        )
    return java


def kafka_jars(cache: Path | None = None) -> Path:
    """The folder with Kafka's jars; the first call fetches them, some 50 MB, into the cache (`$XDG_CACHE_HOME`, else `~/.cache`).

    Raises:
        CannotStart: they are not there, and Maven is missing or could not fetch them.
    """
    cache = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smart-routing"
    jars = cache / f"kafka-{KAFKA_VERSION}"
    if not jars.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "kafka.lock"):
            if not jars.is_dir():
                _fetch(jars)
    return jars


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one process at a time fetch; the others find the jars there when it has."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart("Apache Kafka's jars are fetched by Maven and no mvn is on PATH: on Debian, apt-get install maven.")
    # Beside its place, then renamed: whoever finds the folder finds all of it.
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        work = Path(folder)
        (work / "pom.xml").write_text(_POM)
        command = [
            maven,
            "--batch-mode",
            "--quiet",
            "--strict-checksums",
            "--file",
            str(work / "pom.xml"),
            _PLUGIN,
            f"-DoutputDirectory={work / 'jars'}",
        ]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if fetched.returncode != 0:
            raise CannotStart(
                f"Maven could not fetch Apache Kafka {KAFKA_VERSION}; it needs its repository or a mirror of it:\n{fetched.stdout.strip()}"
            )
        (work / "jars").rename(jars)
