"""The example that the demo publishes: the documents of `examples/order_help`."""

import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from processor.flow.document import load
from smart_routing.cannot_start import CannotStart
from smart_routing.order_service import PORT

NAME: Final = "order_help"

_PLACES: Final = (
    Path(__file__).parents[1] / "examples",  # a checkout
    Path(sysconfig.get_path("data")) / "share" / "smart-routing" / "examples",  # installed
)


def example_folder() -> Path:
    """Return the folder of the example's documents.

    Raises CannotStart where there is none.
    """
    for place in _PLACES:
        if (place / NAME).is_dir():
            return place / NAME
    expected = " or ".join(map(str, _PLACES))
    raise CannotStart(f"The example's documents are missing: expected the folder {NAME} in {expected}. Install smart-routing anew.")


def example_documents(order_service: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield file name and document of each definition; the web services are looked for at `order_service`, such as `http://127.0.0.1:8090`."""
    folder = example_folder()
    for path in sorted(folder.rglob("*.yaml")):
        document = dict(load(path.read_bytes()))
        if document["kind"] == "web_service":
            document["url"] = document["url"].replace(f"http://127.0.0.1:{PORT}", order_service)
        yield str(path.relative_to(folder)), document
