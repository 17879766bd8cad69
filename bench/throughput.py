"""How many messages a second a contender gets through when there are always more."""

from bench.contender import Contender
from bench.stage import Advanced, Outputs, Stage

WARM_UP_SHARE = 0.1
"""First commands of a lap, in order of time, that are not counted: caches fill, connections are made."""


def lap(stage: Stage, contender: Contender, messages: int, done: Advanced) -> tuple[float, int | None]:
    """Let a contender do all that was sent and that it has not done yet: so many messages. Return messages a second, and its peak memory.

    Timed by the log: from the first counted command to the last, as Kafka took them in.
    Raises BenchFailed.
    """
    outputs = Outputs(stage, contender)
    try:
        with stage.start(contender) as running:
            stage.finish(running, done)
            memory = running.peak_memory_bytes
        times = sorted(outputs.take(messages))
    finally:
        outputs.close()
    first = times[int(len(times) * WARM_UP_SHARE)]
    counted = sum(1 for time in times if time > first)
    seconds = (times[-1] - first) / 1000
    return (counted / seconds if seconds > 0 else 0.0), memory
