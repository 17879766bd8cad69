"""Plain counters of what a worker's partitions have done."""


class Counts:
    """What a partition has done, for metrics."""

    __slots__ = ("actions", "commands", "dead_letters", "dispositions", "quarantined")

    def __init__(self) -> None:
        self.dispositions: dict[str, int] = {}
        self.actions = 0
        self.commands = 0
        self.dead_letters: dict[str, int] = {}
        self.quarantined = 0
