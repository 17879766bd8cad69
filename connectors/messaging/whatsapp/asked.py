"""What is noted of a message before WhatsApp is asked for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The account that asks, for nobody else's receipts count, and the values of the answer."""

    account: str
    values: Mapping[str, str]

    def to_json(self) -> str:
        """Write it as the note of an attempt."""
        return json.dumps({"account": self.account, "values": dict(self.values)})

    @classmethod
    def from_json(cls, text: str) -> "Asked":
        """Read what `to_json` wrote."""
        document = json.loads(text)
        return cls(document["account"], document["values"])
