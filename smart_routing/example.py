"""The examples that the demo publishes and offers: the folders that `demo_page/examples.yaml` lists."""

import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from processor.flow.batch import FLOW
from processor.flow.document import load
from processor.runtime.simulator.script import Rule, Script
from smart_routing.cannot_start import CannotStart
from smart_routing.order_service import PORT

DATA: Final = "data.yaml"
"""What the demo's back ends hold at its beginning, in a folder of `examples`."""

_SCRIPT: Final = "answers.yaml"
"""What `flow chat` has connectors answer; of it the demo takes what its agents say."""

_LIST: Final = Path(__file__).parent / "demo_page" / "examples.yaml"
_PLACES: Final = (
    Path(__file__).parents[1] / "examples",  # a checkout
    Path(sysconfig.get_path("data")) / "share" / "smart-routing" / "examples",  # installed
)


class About(BaseModel):
    """What the demo says of an example."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str = Field(pattern="^[a-z_]+$", description="Folder in `examples`, and the reference of the flow that opens.")
    title: str
    business: str = Field(description="Whose chat it is.")
    hint: str = Field(description="What to try.")
    office: dict[str, str] = Field(description="Pages of the office that show what the flow has done → what they show.")
    agents: dict[str, str] = Field(default_factory=dict, description="Users of the ACD whose desks can be opened → their names.")


@dataclass(frozen=True, slots=True)
class Example:
    """One example: flows, and what they name."""

    about: About
    folder: Path
    account: str
    """The web chat's account that leads to it."""

    flows: tuple[str, ...]
    """References of its flows, the one that opens first."""

    def rules(self) -> list[Rule]:
        """Return the rules of its script, where it has one."""
        path = self.folder / _SCRIPT
        return Script.model_validate(load(path.read_bytes())).rules if path.exists() else []

    def documents(self, order_service: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield file name and document of each definition.

        Web services are looked for at `order_service`, such as `http://127.0.0.1:8090`.
        """
        for path in _definition_files(self.folder):
            document = dict(load(path.read_bytes()))
            if document.get("kind") == "web_service":
                document["url"] = document["url"].replace(f"http://127.0.0.1:{PORT}", order_service)
            yield str(path.relative_to(self.folder.parent)), document


@cache
def examples() -> tuple[Example, ...]:
    """Return the examples in the order in which the demo offers them.

    Raises CannotStart where one is missing.
    """
    listed = TypeAdapter(tuple[About, ...]).validate_python(load(_LIST.read_bytes())["examples"], strict=False)
    return tuple(_example(about) for about in listed)


def _example(about: About) -> Example:
    folder = next((place / about.folder for place in _PLACES if (place / about.folder).is_dir()), None)
    if folder is None:
        expected = " or ".join(map(str, _PLACES))
        raise CannotStart(f"The examples are missing: expected the folder {about.folder} in {expected}. Install smart-routing anew.")
    documents = [load(path.read_bytes()) for path in _definition_files(folder)]
    account = next(entry["account"] for entry in documents if entry.get("kind") == "entry_point" and entry["channel"] == "web_chat")
    flows = sorted((flow["ref"] for flow in documents if flow.get("kind", FLOW) == FLOW), key=lambda ref: (ref != about.folder, ref))
    return Example(about, folder, account, tuple(flows))


def _definition_files(folder: Path) -> list[Path]:
    """Return the files that hold what is published: all YAML but tests, the script and the data."""
    return sorted(path for path in folder.rglob("*.yaml") if path.name not in {_SCRIPT, DATA} and not path.name.endswith(".test.yaml"))
