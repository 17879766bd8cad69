-- What a supervisor sees: queues, who waits in them, and agents. Returns JSON.
local queues, agents, shown = {}, {}, {}
local SHOWN = 50

for _, name in ipairs(redis.call('SMEMBERS', P .. 'users')) do
  local user = user_of(name)
  if user.active or redis.call('SCARD', P .. 'with:' .. name) > 0 then
    local more = redis.call('HMGET', P .. 'user:' .. name, 'name', 'why', 'present_since')
    local offered, accepted = 0, 0
    for _, id in ipairs(redis.call('SMEMBERS', P .. 'with:' .. name)) do
      if redis.call('HGET', P .. 'contact:' .. id, 'state') == 'offered' then offered = offered + 1 else accepted = accepted + 1 end
    end
    for _, queue in ipairs(user.queues) do shown[queue] = true end
    table.insert(agents, {
      user = name, name = more[1] or name, presence = user.presence, why = more[2] or '', since = tonumber(more[3] or 0),
      capacity = user.capacity, offered = offered, accepted = accepted, queues = user.queues,
    })
  end
end

local function waits(id)
  local found = contact(id)
  return {id = id, name = cjson.decode(found.customer).name, channel = found.channel, entered = tonumber(found.entered), state = found.state}
end

for _, queue in ipairs(redis.call('SMEMBERS', P .. 'queues')) do
  if redis.call('ZCARD', P .. 'queue:' .. queue) > 0 or redis.call('HEXISTS', P .. 'names', queue) == 1 then
    shown[queue] = true
  elseif not shown[queue] then -- it was, and is no more
    redis.call('SREM', P .. 'queues', queue)
  end
end
for queue in pairs(shown) do
  local waiting, longest = {}, 0
  for _, id in ipairs(redis.call('ZRANGE', P .. 'queue:' .. queue, 0, SHOWN - 1)) do table.insert(waiting, waits(id)) end
  -- The first of those with priority and the first of the others: one of both is the oldest.
  for _, bounds in ipairs({{'-inf', '(0'}, {'0', '+inf'}}) do
    local first = redis.call('ZRANGEBYSCORE', P .. 'queue:' .. queue, bounds[1], bounds[2], 'LIMIT', 0, 1)[1]
    if first then longest = math.max(longest, now - tonumber(redis.call('HGET', P .. 'contact:' .. first, 'entered'))) end
  end
  table.insert(queues, {
    queue = queue, name = name_of(queue), waiting = redis.call('ZCARD', P .. 'queue:' .. queue), longest_ms = longest, contacts = waiting,
    estimate_ms = math.floor(estimate(queue, {}, false)), handling_ms = math.floor(handling_of(queue)),
    signed_in = redis.call('SCARD', P .. 'signed:' .. queue), free = redis.call('ZCARD', P .. 'free:' .. queue),
  })
end
return cjson.encode({queues = queues, agents = agents, now = now})
