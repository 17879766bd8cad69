-- A contact of this agent's with its messages. ARGV[3]: contact, ARGV[4]: user, ARGV[5]: index after which to read. Returns JSON.
local found = contact(ARGV[3])
-- What an agent was asked for and did not take is not his any more; what he had stays readable to him until it is forgotten.
if not found or (found.agent or '') ~= ARGV[4] or found.state == 'waiting' then return refused('not_yours') end
local messages = {}
for _, message in ipairs(redis.call('LRANGE', P .. 'messages:' .. found.id, 0, -1)) do
  local read = cjson.decode(message)
  if read.index > tonumber(ARGV[5]) then table.insert(messages, read) end
end
return cjson.encode({
  id = found.id, state = found.state, outcome = found.outcome or '', reason = found.reason or '', customer = cjson.decode(found.customer),
  messages = messages, count = tonumber(found.count),
})
