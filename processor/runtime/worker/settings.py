"""Settings of one worker, from `SMART_ROUTING_WORKER_*` environment variables."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "SMART_ROUTING_WORKER_"


class WorkerSettings(BaseModel):
    """What may differ from worker to worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slot: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        max_length=200,
        description="Stable name of this worker's place; no two run with the same.",
    )
    state_folder: Path = Field(default=Path("state"), description="Folder of the local RocksDB tables.")
    batch_events: int = Field(default=1000, ge=1, le=20_000, description="Most events in one transaction.")
    session_timeout_ms: int = Field(
        default=10_000, ge=1_000, le=300_000, description="Silence after which the group gives this worker's partitions to others."
    )
    transaction_timeout_ms: int = Field(
        default=10_000, ge=1_000, le=900_000, description="Time after which the broker aborts a transaction left open."
    )
    cached_conversations: int = Field(default=50_000, ge=100, description="Conversations kept decoded per partition.")
    web_host: str = Field(default="127.0.0.1", description="Address of health and metrics.")
    web_port: int = Field(default=6066, ge=0, le=65_535, description="Port of health and metrics.")
    projection: bool = Field(default=True, description="Whether this worker also counts branches into Redis.")
    tick_ms: int = Field(default=1_000, ge=50, le=60_000, description="Time between ticks.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings; what is not set has its default.

        Raises ValueError, naming each variable, what was expected and what was found.
        """
        environment = os.environ if environment is None else environment
        found = {name: value for name in cls.model_fields if (value := environment.get(PREFIX + name.upper(), "").strip())}
        try:
            return cls.model_validate(found)
        except ValidationError as invalid:
            faults = (f"{PREFIX}{str(error['loc'][0]).upper()}: {error['msg']}; found {error['input']!r}" for error in invalid.errors())
            raise ValueError("\n".join(faults)) from None
