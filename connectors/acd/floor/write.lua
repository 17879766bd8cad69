-- The agent writes. ARGV[3]: contact, ARGV[4]: user, ARGV[5]: the desk's id of the message, ARGV[6]: text. A repeated id changes nothing.
local found, why = held(ARGV[3], ARGV[4], 'accepted')
if not found then return refused(why) end
if redis.call('SADD', P .. 'seen:' .. found.id, 'agent ' .. ARGV[5]) == 1 then
  local index = redis.call('HINCRBY', P .. 'contact:' .. found.id, 'count', 1)
  local message = {index = index, from = 'agent', text = ARGV[6], at = now, id = ARGV[5]}
  redis.call('RPUSH', P .. 'messages:' .. found.id, cjson.encode(message))
  redis.call('LTRIM', P .. 'messages:' .. found.id, -KEPT_MESSAGES, -1)
  post(found, 'agent_wrote', {command_id = found.id, message_id = found.id .. ':' .. index, agent = ARGV[4], text = ARGV[6], at = now})
  news(ARGV[4])
end
return done()
