-- The agents and queues are these, and no others. ARGV[3]: definitions of the agents, ARGV[4]: queue -> name, both in JSON.
local listed = {}
for _, defined in ipairs(cjson.decode(ARGV[3])) do listed[defined.reference] = defined end

local function off(name)
  for _, queue in ipairs(cjson.decode(redis.call('HGET', P .. 'user:' .. name, 'queues') or '[]')) do
    redis.call('SREM', P .. 'signed:' .. queue, name)
    redis.call('ZREM', P .. 'free:' .. queue, name)
  end
end

for _, name in ipairs(redis.call('SMEMBERS', P .. 'users')) do
  if not listed[name] then -- he finishes what he has
    off(name)
    redis.call('HSET', P .. 'user:' .. name, 'active', '0', 'queues', '[]')
  end
end
for name, defined in pairs(listed) do
  off(name)
  redis.call('SADD', P .. 'users', name)
  redis.call('HSET', P .. 'user:' .. name, 'name', defined.name, 'active', defined.active and '1' or '0', 'capacity', int(defined.capacity),
    'skills', defined.skills, 'queues', defined.queues)
  place(user_of(name))
end
for name in pairs(listed) do serve(user_of(name)) end
redis.call('DEL', P .. 'names')
for queue, name in pairs(cjson.decode(ARGV[4])) do redis.call('HSET', P .. 'names', queue, name) end
redis.call('SET', P .. 'defined', int(now))
news()
return done()
