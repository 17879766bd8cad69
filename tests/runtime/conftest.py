"""A worker bench for each test, and the command line."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.deployment import Deployment
from tests.runtime.worker_bench import KEY, WorkerBench


@pytest.fixture
def bench(deployment: Callable[..., Deployment], tmp_path: Path) -> Iterator[WorkerBench]:
    made = WorkerBench(deployment(), tmp_path)
    yield made
    made.stop()


@pytest.fixture
def run_smart_routing() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in a deployment's environment."""

    def run(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **deployment.to_environment(), "SMART_ROUTING_CONVERSATION_KEY": KEY}
        return subprocess.run(
            [sys.executable, "-m", "smart_routing", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run
