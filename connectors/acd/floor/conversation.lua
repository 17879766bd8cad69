-- A contact of this agent's with its messages. ARGV[3]: contact, ARGV[4]: user, ARGV[5]: index after which to read. Returns JSON.
local found = contact(ARGV[3])
-- What went on to others is not his any more; what ended with him, or while he was asked for it, stays readable to him until it is forgotten.
if not found or (found.agent or '') ~= ARGV[4] or found.state == 'waiting' then return refused('not_yours') end
local messages = {}
local kept = redis.call('LLEN', P .. 'messages:' .. found.id)
local first = math.max(0, tonumber(ARGV[5]) - (tonumber(found.count) - kept))
for _, message in ipairs(redis.call('LRANGE', P .. 'messages:' .. found.id, first, -1)) do table.insert(messages, cjson.decode(message)) end
return cjson.encode({
  id = found.id, state = found.state, outcome = found.outcome or '', reason = found.reason or '', customer = cjson.decode(found.customer),
  messages = messages, count = tonumber(found.count),
})
