"""The newest lines of the journal, within bounds, and who waits for more."""

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from processor.console.line import Line

LINES: Final = 500
"""Lines kept of each conversation."""

CONVERSATIONS: Final = 2_000
"""Conversations kept; the one that has been quiet for longest goes first."""


@dataclass(slots=True)
class _Kept:
    """What is kept of one conversation."""

    gone: int
    """Offset up to which lines may have been let go; -1 where none can have been."""

    lines: deque[Line] = field(default_factory=deque)


class Recent:
    """Holds lines by conversation. For one event loop."""

    def __init__(self, lines: int = LINES, conversations: int = CONVERSATIONS) -> None:
        self._most_lines = lines
        self._most_conversations = conversations
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._gone: defaultdict[int, int] = defaultdict(lambda: -1)
        """Partition → offset up to which a conversation that is not kept may have had lines."""
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def begin(self, partition: int, offset: int) -> None:
        """Note that a partition is read from this offset on."""
        self._gone[partition] = offset - 1

    def add(self, line: Line) -> None:
        """Keep a line and wake those who wait for it; old ones go."""
        kept = self._kept.get(line.conversation_id)
        if kept is None:
            kept = self._kept[line.conversation_id] = _Kept(self._gone[line.partition])
            if len(self._kept) > self._most_conversations:
                _, quiet = self._kept.popitem(last=False)
                last = quiet.lines[-1]
                self._gone[last.partition] = max(self._gone[last.partition], last.offset)
        kept.lines.append(line)
        if len(kept.lines) > self._most_lines:
            kept.gone = kept.lines.popleft().offset
        self._kept.move_to_end(line.conversation_id)
        for news in self._waiting.get(line.conversation_id, ()):
            news.set()

    def after(self, conversation_id: str, partition: int, offset: int) -> tuple[list[Line], bool]:
        """Return a conversation's lines after an offset, and whether none between may be missing."""
        kept = self._kept.get(conversation_id)
        if kept is None:
            return [], offset >= self._gone[partition]
        return [line for line in kept.lines if line.offset > offset], offset >= kept.gone

    @contextmanager
    def news_of(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """Return an event that is set whenever the conversation has a new line."""
        news = asyncio.Event()
        self._waiting[conversation_id].add(news)
        try:
            yield news
        finally:
            self._waiting[conversation_id].discard(news)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    def wake_all(self) -> None:
        """Let everybody look."""
        for waiting in self._waiting.values():
            for news in waiting:
                news.set()
