"""The transcripts of web chats in Redis: what was said, in order, each message once."""

from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from connectors.messaging.entry import Entry

KEPT: Final = 2_000
"""Messages kept of a conversation; of a longer one the oldest go."""

KEPT_BYTES: Final = 4_000_000
"""… and so many bytes, for whoever opens a chat is given all of it: nobody can fill the gateway's memory with a few long ones."""

# KEYS: 1 the list of messages, 2 the hash of what is known: id → index, `base` → how many messages were dropped at the front, `bytes` → how
# many the list has.
# A message's index counts from the conversation's first, for good. In the list a message is
#   +JSON            said
#   ?TIME:JSON       a customer's, on its way to Kafka; counts as never sent after TIME (Redis' clock, ms)
#   -                withdrawn
_COMMON: Final = """
local messages, known = KEYS[1], KEYS[2]
local base = tonumber(redis.call('HGET', known, 'base') or '0')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function place(id)
  local index = redis.call('HGET', known, 'id:' .. id)
  return index and tonumber(index) - base
end

local function put(at, before, message)
  redis.call('LSET', messages, at, message)
  redis.call('HINCRBY', known, 'bytes', #message - #before)
end

local function add(id, message, expiry, kept, most)
  local length = redis.call('RPUSH', messages, message)
  local bytes = redis.call('HINCRBY', known, 'bytes', #message)
  redis.call('HSET', known, 'id:' .. id, base + length - 1)
  while length > kept or (length > 1 and bytes > most) do
    bytes = redis.call('HINCRBY', known, 'bytes', -#redis.call('LPOP', messages))
    base = redis.call('HINCRBY', known, 'base', 1)
    length = length - 1
  end
  redis.call('PEXPIRE', messages, expiry)
  redis.call('PEXPIRE', known, expiry)
end
"""

# ARGV: id, JSON, expiry in ms, messages kept, bytes kept, channel, conversation.
# A customer's message that was reserved is said in its place; any other message is said at the end, once.
_SAY: Final = (
    _COMMON
    + """
local at = place(ARGV[1])
if at then
  local there = at >= 0 and redis.call('LINDEX', messages, at)
  if not there or string.sub(there, 1, 1) ~= '?' then return 0 end
  put(at, there, '+' .. ARGV[2])
else
  add(ARGV[1], '+' .. ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
end
redis.call('PUBLISH', ARGV[6], ARGV[7])
return 1
"""
)

# ARGV: id, JSON, expiry in ms, messages kept, bytes kept, ms until it counts as never sent.
# Returns 1 where it is to be sent, 0 where it was said.
_RESERVE: Final = (
    _COMMON
    + """
local message = '?' .. string.format('%d', now + ARGV[6]) .. ':' .. ARGV[2]
local at = place(ARGV[1])
if not at then
  add(ARGV[1], message, ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
  return 1
end
local there = at >= 0 and redis.call('LINDEX', messages, at)
if not there or string.sub(there, 1, 1) ~= '?' then return 0 end
put(at, there, message)
return 1
"""
)

# ARGV: id, channel, conversation.
_WITHDRAW: Final = (
    _COMMON
    + """
local at = place(ARGV[1])
local there = at and at >= 0 and redis.call('LINDEX', messages, at)
if there and string.sub(there, 1, 1) == '?' then
  put(at, there, '-')
  redis.call('HDEL', known, 'id:' .. ARGV[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
"""
)

# ARGV: index of the first message wanted. Returns the index to go on from, then index and JSON of each message.
# What stands behind a message on its way waits for it, so that an answer never stands before what it answers.
_READ: Final = (
    _COMMON
    + """
local from = tonumber(ARGV[1])
local length = redis.call('LLEN', messages)
if from > base + length then from = 0 end
if from < base then from = base end
local found = {from}
for nth, message in ipairs(redis.call('LRANGE', messages, from - base, -1)) do
  local kind = string.sub(message, 1, 1)
  if kind == '?' and tonumber(string.match(message, '^?(%d+):')) > now then break end
  local index = from + nth - 1
  found[1] = index + 1
  if kind == '+' then
    found[#found + 1] = index
    found[#found + 1] = string.sub(message, 2)
  end
end
return found
"""
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a transcript: its index, which never changes, and its JSON."""

    index: int
    json: str


class Transcript:
    """The transcripts of one deployment. `announcements` is the Redis channel on which the id of a conversation with news is published."""

    def __init__(self, redis: Redis, topic_prefix: str, expiry_seconds: float) -> None:
        self.announcements: Final = f"{topic_prefix}chat.news"
        self._prefix = f"{topic_prefix}chat:"
        self._expiry_ms = int(expiry_seconds * 1000)
        self._say = redis.register_script(_SAY)
        self._reserve = redis.register_script(_RESERVE)
        self._withdraw = redis.register_script(_WITHDRAW)
        self._read = redis.register_script(_READ)

    async def say(self, conversation_id: str, message_id: str, entry: Entry) -> bool:
        """Append a message, or let a reserved one be seen; returns whether it is new. A repeated id changes nothing."""
        args: list[str | int] = [message_id, entry.to_json(), self._expiry_ms, KEPT, KEPT_BYTES, self.announcements, conversation_id]
        return bool(await self._say(keys=self._keys(conversation_id), args=args))

    async def reserve(self, conversation_id: str, message_id: str, entry: Entry, seconds: float) -> bool:
        """Give a customer's message its place before Kafka has it; it is not seen before `say`. Returns False where it was said before.

        After `seconds` without `say` or `withdraw`, the gateway died: the place counts as empty.
        """
        args: list[str | int] = [message_id, entry.to_json(), self._expiry_ms, KEPT, KEPT_BYTES, int(seconds * 1000)]
        return bool(await self._reserve(keys=self._keys(conversation_id), args=args))

    async def withdraw(self, conversation_id: str, message_id: str) -> None:
        """Empty a reserved place: Kafka did not take the message."""
        await self._withdraw(keys=self._keys(conversation_id), args=[message_id, self.announcements, conversation_id])

    async def read(self, conversation_id: str, start: int = 0) -> tuple[list[Said], int]:
        """Return the messages from index `start` on, and the index to go on from; a start beyond the end reads from the beginning."""
        found = await self._read(keys=self._keys(conversation_id), args=[start])
        following, *rest = found
        return [Said(index, text.decode()) for index, text in zip(rest[::2], rest[1::2], strict=True)], following

    def _keys(self, conversation_id: str) -> list[str]:
        return [f"{self._prefix}{conversation_id}:messages", f"{self._prefix}{conversation_id}:known"]
