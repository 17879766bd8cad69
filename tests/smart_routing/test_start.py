"""What happens before the command line is there: an old Python, a library that is missing."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import smart_routing


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 10, 13)"])
def test_an_old_python_is_told_what_to_install(version):
    ended = run("-c", f"import sys; sys.version_info = {version}; import smart_routing.cli")
    assert ended.returncode == 1
    found = ".".join(version.strip("()").split(", ")[:2])
    assert ended.stderr.startswith(
        f"smart-routing needs Python 3.11, 3.12 or 3.13 and was started with {found}: install one (on Debian 12, apt-get "
    )


def test_an_old_python_can_read_as_far_as_that():
    ast.parse(Path(smart_routing.__file__).read_text("utf-8"), feature_version=(3, 4))


def test_a_library_that_cannot_be_loaded_is_told_in_a_sentence(tmp_path):
    (tmp_path / "rocksdict.py").write_text("raise ImportError('librocksdb.so: cannot open shared object file', name='rocksdict')")
    ended = run("-m", "smart_routing", "demo", "--port", "0", PYTHONPATH=f"{tmp_path}{os.pathsep}{Path.cwd()}")
    assert (ended.returncode, ended.stdout) == (1, "")
    reason = "librocksdb.so: cannot open shared object file"
    assert ended.stderr.startswith(
        f"A library that smart-routing needs cannot be loaded ({reason}): run `make demo`, which installs all of them"
    )
    assert ended.stderr.count("\n") == 1


def test_a_fault_of_ours_is_no_missing_library(tmp_path):
    program = (
        "import sys; sys.modules['smart_routing.demo'] = None; sys.argv[1:] = ['demo']; from smart_routing.__main__ import main; main()"
    )
    ended = run("-c", program)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "smart_routing.demo" in ended.stderr
