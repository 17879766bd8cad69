"""A folder with a flow, its definitions and tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.simulator.documents import FILES, as_yaml


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small flow and what it names, as files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def tests_of(folder: Path) -> Callable[..., Path]:
    """Writes a test file beside the flow: `tests_of(conversation, …, key=value)`; a list is a conversation's turns."""

    def write(*talks: Any, name: str = "support.test.yaml", **head: Any) -> Path:
        conversations = [
            {"conversation": f"number {number}", "turns": talk} if isinstance(talk, list) else talk for number, talk in enumerate(talks, 1)
        ]
        document = {"flow": "support.yaml", "definitions": ["definitions"], **head, "conversations": conversations}
        (folder / name).write_text(as_yaml(document), "utf-8")
        return folder / name

    return write
