-- Keep what the customer wrote. ARGV[3]: contact, ARGV[4]: message id, ARGV[5]: the message in JSON. A repeated id changes nothing.
local found = contact(ARGV[3])
if not found or found.state == 'ended' then return refused('unknown_distribution') end
if redis.call('SADD', P .. 'seen:' .. found.id, 'customer ' .. ARGV[4]) == 1 then
  local message = cjson.decode(ARGV[5])
  message.index, message.from, message.at = redis.call('HINCRBY', P .. 'contact:' .. found.id, 'count', 1), 'customer', now
  redis.call('RPUSH', P .. 'messages:' .. found.id, cjson.encode(message))
  redis.call('LTRIM', P .. 'messages:' .. found.id, -KEPT_MESSAGES, -1)
  news(found.agent)
end
return done()
