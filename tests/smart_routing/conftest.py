import signal

import pytest

from tests.smart_routing.running_demo import running_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo for all of a file that only look at it and chat with it; idle it would take a third of a core from the files that follow."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running
        assert running.end(signal.SIGTERM) == (0, "")
