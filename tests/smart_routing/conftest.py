import signal

import pytest

from tests.smart_routing.running_demo import running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A demo for all that only look at it and chat with it."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running
        assert running.end(signal.SIGTERM) == (0, "")
