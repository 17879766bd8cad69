"""What all parts of one worker share. Wired once, where the app is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from processor.engine.action import Action
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.settings import WorkerSettings
from schemas.codec import Codec
from schemas.deployment import Deployment

Progress = Callable[[int, int, int], None]
"""Called during a restore with the partition, the changelog's records read so far, and how many there are about."""


def silent(partition: int, read: int, end: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """One worker's place in its deployment."""

    deployment: Deployment
    settings: WorkerSettings
    action_types: Mapping[str, type[Action]]
    codec: Codec
    metrics: WorkerMetrics
    progress: Progress = silent
