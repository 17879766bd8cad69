"""Faults of test files, scripts and what they name, told with line and column."""

from collections.abc import Iterable
from pathlib import Path

from processor.engine.errors import Fault
from processor.flow.document import MAX_BYTES
from processor.flow.positions import placed
from smart_routing.flow_files import Found, finding_of, tell


def tell_faults(faults: Iterable[tuple[str, Fault]]) -> None:
    """Print faults, each with the name of its file, a line each."""
    found = [(name, finding_of(fault)) for name, fault in faults]
    texts = {name: _text(Path(name)) for name, _ in found}
    tell([line for one in found for line in _placed(one, texts[one[0]])])


def _placed(found: Found, text: bytes | None) -> list[Found]:
    return [found] if text is None else placed([found], {found[0]: text})


def _text(file: Path) -> bytes | None:
    """Return what stands in a file; None where it has no text that could be pointed into."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1)
    except OSError:
        return None
    return text if len(text) <= MAX_BYTES else None
