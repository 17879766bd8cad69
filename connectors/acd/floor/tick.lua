-- Do what is due, a hundred at most. Returns how many there were, and in how many ms the next is due (-1: nothing is).
local due = redis.call('ZRANGEBYSCORE', P .. 'timers', '-inf', int(now), 'LIMIT', 0, 100)

local function offer_due(found)
  if found.state ~= 'offered' or tonumber(found.offered_till) > now then return end
  local name = found.agent
  local user = user_of(name)
  if user then missed(user) end -- may send him away, and with that withdraw this offer
  found = contact(found.id)
  if found.state == 'offered' and found.agent == name then hand_back(found, true) end
end

local function wait_due(found)
  if found.state == 'accepted' or found.state == 'ended' then return end
  if found.kind == 'user' then
    local user = found.state == 'offered' and user_of(found.agent)
    finish(found, 'no_response', 'timeout')
    if user then missed(user) end
    return
  end
  local left, first_end = {}, nil
  for _, queue in ipairs(found.queues) do
    if queue.ends and queue.ends <= now then
      leave_line(found, queue)
      redis.call('ZREM', P .. 'queue:' .. queue.reference, found.id)
    else
      table.insert(left, queue)
      if queue.ends and (not first_end or queue.ends < first_end) then first_end = queue.ends end
    end
  end
  if #left == 0 then return finish(found, 'dissuasion_maximum_wait') end
  found.queues = left
  redis.call('HSET', P .. 'contact:' .. found.id, 'queues', cjson.encode(left))
  if first_end then redis.call('ZADD', P .. 'timers', int(first_end), 'wait:' .. found.id) end
  if found.state ~= 'offered' then return end
  for _, queue in ipairs(left) do
    if queue.reference == found.queue then return end
  end
  hand_back(found) -- the queue that the agent was asked for is left
end

local function again_due(found)
  if found.state == 'ended' or found.state == 'accepted' then return end
  if found.state == 'waiting' then seek(found) end
  local next_time
  local asked = redis.call('HVALS', P .. 'asked:' .. found.id)
  for _, again in ipairs(asked) do
    if tonumber(again) > now and (not next_time or tonumber(again) < next_time) then next_time = tonumber(again) end
  end
  if next_time then redis.call('ZADD', P .. 'timers', int(next_time), 'again:' .. found.id) end
end

local function heard_due(user)
  if user.presence == 'signed_out' then return end
  local last = tonumber(redis.call('HGET', P .. 'user:' .. user.name, 'heard') or 0)
  if now - last >= C.absence_ms then
    be(user, 'signed_out')
    redis.call('HSET', P .. 'user:' .. user.name, 'why', 'lost')
    for _, id in ipairs(redis.call('SMEMBERS', P .. 'with:' .. user.name)) do
      local found = contact(id)
      finish(found, found.kind == 'queue' and 'unprocessed' or 'error', 'abandoned')
    end
    return
  end
  if now - last >= C.away_ms and user.presence == 'available' then
    be(user, 'away')
    redis.call('HSET', P .. 'user:' .. user.name, 'why', 'lost')
  end
  local next_time = last + (user.presence == 'available' and C.away_ms or C.absence_ms)
  redis.call('ZADD', P .. 'timers', int(next_time), 'heard:' .. user.name)
end

for _, member in ipairs(due) do
  redis.call('ZREM', P .. 'timers', member)
  local kind, name = string.match(member, '^(%a+):(.*)$')
  if kind == 'heard' then
    local user = user_of(name)
    if user then heard_due(user) end
  else
    local found = contact(name)
    if found then
      if kind == 'offer' then offer_due(found) elseif kind == 'wait' then wait_due(found) else again_due(found) end
    end
  end
end
local following = redis.call('ZRANGE', P .. 'timers', 0, 0, 'WITHSCORES')
return cjson.encode({done = #due, next = following[2] and math.max(tonumber(following[2]) - now, 0) or -1})
