import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"schemas", "processor", "connectors", "smart_routing", "bench", "tests"}
# Part of a dependency that is declared: faust-streaming's own foundation, and pydantic's.
CARRIED = {"mode-streaming": "faust-streaming", "pydantic-core": "pydantic"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*, with_dev: bool) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + (project["optional-dependencies"]["dev"] if with_dev else [])
    return {normal(re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]) for requirement in requirements}


def imported(folder: Path) -> dict[str, Path]:
    """The top-level modules that a folder's files import, each with one of the files."""
    found: dict[str, Path] = {}
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    found |= {alias.name.partition(".")[0]: file for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found[module.partition(".")[0]] = file
    return found


@pytest.mark.parametrize("folder", sorted(OURS))
def test_what_is_imported_is_declared(folder):
    distributions = packages_distributions()
    allowed = declared(with_dev=folder == "tests")
    for module, file in imported(ROOT / folder).items():
        if module in sys.stdlib_module_names | OURS:
            continue
        names = {normal(name) for name in distributions.get(module, [module])}
        assert {CARRIED.get(name, name) for name in names} & allowed, (
            f"{file.relative_to(ROOT)} imports {module}, pyproject.toml does not declare it"
        )


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-run.lock"])
def test_the_lock_holds_what_is_declared_and_names_no_place(lock):
    text = (ROOT / lock).read_text()
    locked = {normal(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", text, flags=re.MULTILINE)}
    assert declared(with_dev=lock == "requirements.lock") <= locked, "run `make lock`"
    assert not re.search(r"://|^--(?!hash)|^-", text, flags=re.MULTILINE)
