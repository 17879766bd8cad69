-- The rules of the floor, put before every script of this folder. Redis runs a script as one step: what is true before it, such as that no
-- agent has more contacts than his capacity, is true after it.
--
-- KEYS[1]: prefix of all keys, in braces, so that they share a slot. ARGV[1]: epoch ms, -1 for Redis's own clock. ARGV[2]: settings in JSON.
--
-- contact:<id>     hash: a distribution, named by its command; state waiting, offered, accepted, ended
-- messages:<id>    list: what was written, JSON, newest last; seen:<id>: set of message ids
-- asked:<id>       hash: agent who did not take it -> when he may be asked again
-- queue:<queue>    sorted set: contacts that have no agent yet, by rank (also those that are offered)
-- line:<line>      sorted set: of these the ones that nobody is asked for; a line is a queue and the skills it asks for, as JSON
-- lines:<queue>    set: lines of the queue that are not empty
-- direct:<user>    sorted set: contacts for this agent alone
-- handling:<queue> moving average of the handling time, ms
-- names            hash: queue -> its name for people, where its definition has one; queues: set: queues that contacts were to wait in
-- user:<user>      hash: an agent as the definitions have him, his presence, since when he is idle
-- with:<user>      set: contacts that he is offered or has; its size is his load
-- recent:<user>    sorted set: contacts that he had, by their end
-- signed:<queue>   set: agents who serve it and are signed in; free:<queue>: sorted set: of these who can take a contact, the idlest first
-- timers           sorted set: what is due when
-- outbox           stream: what goes to the topic `responses`

local P = KEYS[1]
local C = cjson.decode(ARGV[2])
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local KEPT_MESSAGES, KEPT_RECENT = 2000, 20
local PRIORITY = 1e15 -- more than there will ever be contacts; a double holds it and the number exactly
local LOAD = 1e13     -- more than any time in epoch ms
local quiet = false   -- whether what happens is the command's own answer, and not news about it

local function int(number) return string.format('%.0f', number) end
local function given(value) return value ~= nil and value ~= cjson.null and value ~= false and value ~= '' end
local function news(user) redis.call('PUBLISH', P .. 'news', user or '') end

local function done(values) return cjson.encode(values or {ok = true}) end
local function refused(why) return cjson.encode({refused = why}) end

local function contact(id)
  local flat = redis.call('HGETALL', P .. 'contact:' .. id)
  if #flat == 0 then return nil end
  local found = {}
  for index = 1, #flat, 2 do found[flat[index]] = flat[index + 1] end
  found.id = id
  found.queues = cjson.decode(found.queues or '[]')
  return found
end

local function keep(found, ...)
  local fields = {...}
  for index = 1, #fields, 2 do found[fields[index]] = fields[index + 1] end
  redis.call('HSET', P .. 'contact:' .. found.id, ...)
end

-- Agents.

local users = {}

local function user_of(name)
  if users[name] then return users[name] end
  local found = redis.call('HMGET', P .. 'user:' .. name, 'active', 'presence', 'capacity', 'skills', 'queues', 'idle_since', 'misses')
  if not found[3] then return nil end
  local skills = {}
  for _, skill in ipairs(cjson.decode(found[4])) do skills[skill] = true end
  users[name] = {
    name = name,
    active = found[1] == '1',
    presence = found[2] or 'signed_out',
    capacity = tonumber(found[3]),
    skills = skills,
    queues = cjson.decode(found[5]),
    idle_since = tonumber(found[6] or 0),
    misses = tonumber(found[7] or 0),
  }
  return users[name]
end

local function change(user, field, value)
  user[field] = value
  redis.call('HSET', P .. 'user:' .. user.name, field, type(value) == 'number' and int(value) or value)
end

local function has(user, skills)
  for _, skill in ipairs(skills) do
    if not user.skills[skill] then return false end
  end
  return true
end

-- Put an agent where he belongs among those who are free; returns whether he is. Fewest contacts first, then idle for the longest.
local function place(user)
  local load = redis.call('SCARD', P .. 'with:' .. user.name)
  local signed = user.active and user.presence ~= 'signed_out'
  local free = user.active and user.presence == 'available' and load < user.capacity
  for _, queue in ipairs(user.queues) do
    if signed then redis.call('SADD', P .. 'signed:' .. queue, user.name) else redis.call('SREM', P .. 'signed:' .. queue, user.name) end
    if free then
      redis.call('ZADD', P .. 'free:' .. queue, int(load * LOAD + user.idle_since), user.name)
    else
      redis.call('ZREM', P .. 'free:' .. queue, user.name)
    end
  end
  return free
end

-- Lines and queues.

local function join_lines(found)
  if found.kind == 'user' then
    redis.call('ZADD', P .. 'direct:' .. found.wanted, found.rank, found.id)
    return
  end
  for _, queue in ipairs(found.queues) do
    redis.call('ZADD', P .. 'line:' .. queue.line, found.rank, found.id)
    redis.call('SADD', P .. 'lines:' .. queue.reference, queue.line)
  end
end

local function leave_line(found, queue)
  redis.call('ZREM', P .. 'line:' .. queue.line, found.id)
  if redis.call('EXISTS', P .. 'line:' .. queue.line) == 0 then redis.call('SREM', P .. 'lines:' .. queue.reference, queue.line) end
end

local function leave_lines(found)
  if found.kind == 'user' then redis.call('ZREM', P .. 'direct:' .. found.wanted, found.id) end
  for _, queue in ipairs(found.queues) do leave_line(found, queue) end
end

local function leave_queues(found)
  for _, queue in ipairs(found.queues) do redis.call('ZREM', P .. 'queue:' .. queue.reference, found.id) end
end

local function name_of(queue) return redis.call('HGET', P .. 'names', queue) or '' end

local function handling_of(queue) return tonumber(redis.call('GET', P .. 'handling:' .. queue) or C.handling_ms) end

-- How long a contact that joins now would wait, ms. While every agent is taken, one of c places becomes free every handling/c on average,
-- whatever time has passed (M/M/c: exponential handling times have no memory), and the contact takes the (ahead + 1)th of them.
local function estimate(queue, skills, prioritized)
  for _, name in ipairs(redis.call('ZRANGE', P .. 'free:' .. queue, 0, -1)) do
    local user = user_of(name)
    if user and has(user, skills) then return 0 end
  end
  local places = 0
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'signed:' .. queue)) do
    local user = user_of(name)
    if user and user.presence == 'available' and has(user, skills) then places = places + user.capacity end
  end
  local ahead = redis.call('ZCOUNT', P .. 'queue:' .. queue, '-inf', prioritized and '(0' or '+inf')
  return (ahead + 1) * handling_of(queue) / math.max(places, 1)
end

-- What is told.

local function post(found, schema, datum)
  redis.call('XADD', P .. 'outbox', '*', 'conversation', found.conversation, 'trace', found.trace or '', 'schema', schema, 'datum', cjson.encode(datum))
end

local function tell(found, outcome, reason, detail)
  if quiet then return end
  local datum = {command_id = found.id, outcome = outcome, at = now}
  if given(reason) then datum.reason = reason end
  if given(detail) then datum.detail = detail end
  post(found, 'response', datum)
end

-- Who is offered what.

local function offer(found, user, queue)
  leave_lines(found)
  local till = found.kind == 'queue' and now + C.offer_ms or tonumber(found.till)
  keep(found, 'state', 'offered', 'agent', user.name, 'queue', queue or '', 'offered', int(now), 'offered_till', int(till))
  redis.call('SADD', P .. 'with:' .. user.name, found.id)
  if found.kind == 'queue' then redis.call('ZADD', P .. 'timers', int(till), 'offer:' .. found.id) end
  place(user)
  if found.told ~= '1' then
    keep(found, 'told', '1')
    tell(found, 'offered')
  end
  news(user.name)
end

-- Look for an agent; returns whether one is asked.
local function seek(found)
  if found.kind == 'user' then
    local user = user_of(found.wanted)
    if not user or not place(user) then return false end
    offer(found, user)
    return true
  end
  for _, queue in ipairs(found.queues) do
    for _, name in ipairs(redis.call('ZRANGE', P .. 'free:' .. queue.reference, 0, -1)) do
      local user = user_of(name)
      if user and has(user, queue.skills) then
        local again = redis.call('HGET', P .. 'asked:' .. found.id, name)
        if not again or tonumber(again) <= now then
          offer(found, user, queue.reference)
          return true
        end
      end
    end
  end
  return false
end

-- The first contact of a line that this agent may be asked for, unless its rank is beyond the best known.
local function first_of(line, user, best)
  local from = 0
  while true do
    local page = redis.call('ZRANGE', P .. 'line:' .. line, from, from + 9, 'WITHSCORES')
    if #page == 0 then return nil end
    for index = 1, #page, 2 do
      local rank = tonumber(page[index + 1])
      if best and rank >= best then return nil end
      local again = redis.call('HGET', P .. 'asked:' .. page[index], user.name)
      if not again or tonumber(again) <= now then return page[index], rank end
    end
    from = from + 10
  end
end

-- Give an agent work for as long as he is free and there is some: what is for him alone first, then by rank.
local function serve(user)
  while place(user) do
    local id, queue = redis.call('ZRANGE', P .. 'direct:' .. user.name, 0, 0)[1], nil
    if not id then
      local best
      for _, reference in ipairs(user.queues) do
        for _, line in ipairs(redis.call('SMEMBERS', P .. 'lines:' .. reference)) do
          if has(user, cjson.decode(line)[2]) then
            local first, rank = first_of(line, user, best)
            if first then id, best, queue = first, rank, reference end
          end
        end
      end
    end
    if not id then return end
    offer(contact(id), user, queue)
  end
end

-- An agent does not have a contact any more.
local function let_go(found)
  redis.call('SREM', P .. 'with:' .. found.agent, found.id)
  redis.call('ZREM', P .. 'timers', 'offer:' .. found.id)
  news(found.agent)
  local user = user_of(found.agent)
  if user then place(user) end
  return user
end

-- The agent who was asked does not take it: it waits on, where it was. Where he would not, he is not asked for it again for a while.
local function hand_back(found, would_not)
  local user = let_go(found)
  if would_not then
    redis.call('HSET', P .. 'asked:' .. found.id, found.agent, int(now + C.again_ms))
    redis.call('ZADD', P .. 'timers', 'NX', int(now + C.again_ms), 'again:' .. found.id)
  end
  keep(found, 'state', 'waiting', 'agent', '', 'queue', '')
  join_lines(found)
  seek(found)
  if user then serve(user) end
end

local function forget_later(id)
  redis.call('DEL', P .. 'asked:' .. id)
  for _, key in ipairs({'contact:', 'messages:', 'seen:'}) do redis.call('PEXPIRE', P .. key .. id, C.keep_ms) end
end

local function finish(found, outcome, reason, detail)
  local user
  if found.state == 'offered' or found.state == 'accepted' then
    redis.call('ZADD', P .. 'recent:' .. found.agent, int(now), found.id)
    redis.call('ZREMRANGEBYRANK', P .. 'recent:' .. found.agent, 0, -KEPT_RECENT - 1)
    redis.call('PEXPIRE', P .. 'recent:' .. found.agent, C.keep_ms)
    user = user_of(found.agent)
    if found.state == 'accepted' then
      if user then change(user, 'idle_since', now) end
      if found.queue ~= '' then
        local before = handling_of(found.queue)
        redis.call('SET', P .. 'handling:' .. found.queue, before + (now - tonumber(found.accepted) - before) * C.handling_weight)
      end
    end
    let_go(found)
  end
  if found.state ~= 'accepted' then
    leave_lines(found)
    leave_queues(found)
  end
  redis.call('ZREM', P .. 'timers', 'wait:' .. found.id, 'again:' .. found.id)
  keep(found, 'state', 'ended', 'outcome', outcome, 'reason', reason or '', 'ended', int(now))
  forget_later(found.id)
  if outcome ~= 'cancelled' then tell(found, outcome, reason, detail) end
  news()
  if user then serve(user) end
end

-- What is asked of an agent and not answered goes back.
local function withdraw_offers(user)
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'with:' .. user.name)) do
    local found = contact(id)
    if found.state == 'offered' then
      if found.kind == 'queue' then hand_back(found) else finish(found, 'no_response', 'away') end
    end
  end
end

local function be(user, presence)
  change(user, 'presence', presence)
  change(user, 'present_since', now)
  place(user)
  news(user.name)
  if presence == 'available' then
    change(user, 'misses', 0)
    change(user, 'idle_since', now)
    serve(user)
    return
  end
  withdraw_offers(user)
  -- What was for this agent alone need not wait for a return.
  for _, id in ipairs(redis.call('ZRANGE', P .. 'direct:' .. user.name, 0, -1)) do finish(contact(id), 'no_response', 'away') end
end

local function heard(user)
  redis.call('HSET', P .. 'user:' .. user.name, 'heard', int(now))
  if user.presence == 'signed_out' then return end
  -- Who has come back is missed sooner than while he was away.
  redis.call('ZADD', P .. 'timers', user.presence == 'available' and 'LT' or 'NX', int(now + C.away_ms), 'heard:' .. user.name)
end

-- An offer was answered, whatever the answer, or not.
local function answered(user) change(user, 'misses', 0) end

local function missed(user)
  change(user, 'misses', user.misses + 1)
  if user.misses >= C.misses and user.presence == 'available' then
    be(user, 'away')
    redis.call('HSET', P .. 'user:' .. user.name, 'why', 'missed')
  end
end

-- The contact that this agent may change in that state; else why not.
local function held(id, user, state)
  local found = contact(id)
  if not found or (found.agent or '') ~= user then return nil, 'not_yours' end
  if found.state ~= state then return nil, found.state == 'ended' and 'over' or 'not_' .. state end
  return found
end
