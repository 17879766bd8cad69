"""Records of one partition's inputs, merged by log time, so that a backlog is applied in the order in which it happened.

As Kafka Streams does it (KIP-695): a record is given out only while every other input either has a record to compare with, or is known
to be read to its end.
"""

from collections import deque
from collections.abc import Callable, Mapping

from confluent_kafka import Message

INPUTS = ("inbound", "responses", "ticks")
"""Where log times are equal, a tick comes last: what was said in that millisecond was said in time."""


class Lane:
    """What was fetched of one input and is not applied yet."""

    __slots__ = ("asked_for", "at_end", "buffer", "must_reach", "next_offset", "paused", "topic")

    def __init__(self, topic: str, next_offset: int) -> None:
        self.topic = topic
        self.buffer: deque[tuple[int, Message]] = deque()
        self.next_offset = next_offset
        """Next offset to be fetched."""
        self.at_end = False
        self.must_reach = 0
        """Offset to which the lane must be fetched before a tick that fires deadlines is applied."""
        self.asked_for: int | None = None
        """Offset of the tick for which that was asked."""
        self.paused = False

    def add(self, at: int, message: Message) -> None:
        """Take in a fetched record with its log time (epoch ms)."""
        self.buffer.append((at, message))
        self.next_offset = (message.offset() or 0) + 1
        self.at_end = False

    def end_reached(self, offset: int) -> None:
        """Note that there is nothing up to an offset that was not fetched."""
        self.next_offset = max(self.next_offset, offset)
        self.at_end = True


class Lanes:
    """The three inputs of one partition."""

    def __init__(self, number: int, positions: Mapping[str, int]) -> None:
        self.number = number
        self.lanes = {topic: Lane(topic, positions[topic]) for topic in INPUTS}

    def __getitem__(self, topic: str) -> Lane:
        return self.lanes[topic]

    def pop(self, is_at_end: Callable[[int, Lane], bool], end_before_tick: Callable[[Lane, int], int]) -> tuple[int, str, Message] | None:
        """Return the next record in order of log time; None while it is not known which one it is.

        `is_at_end` is asked of a lane that has nothing buffered and was not yet seen at its end; `end_before_tick` tells, for such a lane
        and a tick's log time, how far the lane must be read before that tick is given out.
        """
        head: Lane | None = None
        for lane in self.lanes.values():
            if not lane.buffer:
                if not lane.at_end:
                    if not is_at_end(self.number, lane):
                        return None
                    lane.at_end = True
            elif head is None or lane.buffer[0][0] < head.buffer[0][0]:
                head = lane
        if head is None or (head.topic == "ticks" and not self._said_before(head, end_before_tick)):
            return None
        at, message = head.buffer.popleft()
        return at, head.topic, message

    def _said_before(self, ticks: Lane, end_before_tick: Callable[[Lane, int], int]) -> bool:
        """Tell whether all that was logged before the first tick is fetched. A lane with a record buffered is: its log times only grow."""
        at, tick = ticks.buffer[0]
        for lane in self.lanes.values():
            if lane is ticks or lane.buffer:
                continue
            if lane.asked_for != tick.offset():
                lane.asked_for = tick.offset()
                lane.must_reach = end_before_tick(lane, at)
            if lane.next_offset < lane.must_reach:
                return False
        return True
