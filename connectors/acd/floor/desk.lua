-- What one agent sees. ARGV[3]: user. Returns JSON.
local user = user_of(ARGV[3])
if not user then return refused('unknown_user') end

local function shown(id)
  local found = contact(id)
  if not found or found.state == 'waiting' or found.agent ~= user.name then return nil end
  return {
    id = id, state = found.state, kind = found.kind, queue = found.queue, queue_name = name_of(found.queue), channel = found.channel,
    account = found.account, flow = found.flow, action = found.action,
    customer = cjson.decode(found.customer), entered = tonumber(found.entered), offered_till = tonumber(found.offered_till),
    accepted = tonumber(found.accepted or 0), ended = tonumber(found.ended or 0), outcome = found.outcome or '', reason = found.reason or '',
    count = tonumber(found.count), last = redis.call('LINDEX', P .. 'messages:' .. id, -1) or '',
  }
end

local contacts, recent, waiting = {}, {}, {}
for _, id in ipairs(redis.call('SMEMBERS', P .. 'with:' .. user.name)) do table.insert(contacts, shown(id)) end
for _, id in ipairs(redis.call('ZRANGE', P .. 'recent:' .. user.name, -5, -1)) do table.insert(recent, shown(id)) end
for _, queue in ipairs(user.queues) do
  table.insert(waiting, {queue = queue, name = name_of(queue), waiting = redis.call('ZCARD', P .. 'queue:' .. queue)})
end
local more = redis.call('HMGET', P .. 'user:' .. user.name, 'name', 'why', 'present_since')
return cjson.encode({
  user = user.name, name = more[1] or user.name, presence = user.presence, why = more[2] or '', since = tonumber(more[3] or 0), active = user.active,
  capacity = user.capacity, contacts = contacts, recent = recent, queues = waiting, now = now,
})
