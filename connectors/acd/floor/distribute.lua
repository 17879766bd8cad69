-- Take a contact in. ARGV[3]: the contact in JSON. Returns the first answer to the command; a repeated command gets the same.
local asked = cjson.decode(ARGV[3])
local known = contact(asked.id)
if known then return cjson.encode({outcome = known.first_outcome, reason = known.first_reason, detail = known.first_detail}) end
quiet = true

local function overflow(queue)
  local somebody = false
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'signed:' .. queue.reference)) do
    local user = user_of(name)
    if user and has(user, queue.skills) then
      somebody = true
      break
    end
  end
  if not somebody then return 'no_user' end
  if given(queue.maximum_waiting) and redis.call('ZCARD', P .. 'queue:' .. queue.reference) >= queue.maximum_waiting then
    return 'maximum_waiting'
  end
  if given(queue.maximum_estimated_wait_sec)
    and estimate(queue.reference, queue.skills, asked.prioritize) > queue.maximum_estimated_wait_sec * 1000 then
    return 'maximum_estimated_wait'
  end
end

local number = redis.call('INCR', P .. 'number')
local found = {id = asked.id, queues = {}, told = '0'}
keep(found, 'kind', asked.kind, 'state', 'waiting', 'conversation', asked.conversation, 'channel', asked.channel, 'account', asked.account,
  'customer', cjson.encode(asked.customer), 'flow', asked.flow, 'action', asked.action, 'trace', asked.trace, 'entered', int(now), 'agent', '', 'queue', '', 'group', given(asked.group) and asked.group or '',
  'rank', int(asked.prioritize and number - PRIORITY or number), 'count', 0)

local function answer(outcome, reason, detail)
  keep(found, 'first_outcome', outcome, 'first_reason', reason or '', 'first_detail', detail or '')
  return cjson.encode({outcome = outcome, reason = reason or '', detail = detail or ''})
end

local function turned_down(outcome, reason, detail)
  finish(found, outcome, reason, detail)
  return answer(outcome, reason, detail)
end

if asked.kind == 'queue' then
  local whys, same = {}, nil
  for index, queue in ipairs(asked.queues) do
    redis.call('SADD', P .. 'queues', queue.reference)
    local why = overflow(queue)
    if not why then
      if given(queue.maximum_wait_sec) then queue.ends = now + queue.maximum_wait_sec * 1000 end
      table.insert(found.queues, queue)
    else
      table.insert(whys, queue.reference .. ': ' .. why)
      if index == 1 then same = why elseif same ~= why then same = nil end
    end
  end
  local said = table.concat(whys, ', ')
  if #found.queues == 0 then return turned_down(same and 'overflow_' .. same or 'overflow', same or 'mixed', said) end
  local first_end
  for _, queue in ipairs(found.queues) do
    redis.call('ZADD', P .. 'queue:' .. queue.reference, found.rank, found.id)
    if queue.ends and (not first_end or queue.ends < first_end) then first_end = queue.ends end
  end
  redis.call('HSET', P .. 'contact:' .. found.id, 'queues', cjson.encode(found.queues))
  if first_end then redis.call('ZADD', P .. 'timers', int(first_end), 'wait:' .. found.id) end
else
  keep(found, 'wanted', asked.user, 'till', int(now + asked.timeout_ms))
  local user = user_of(asked.user)
  if not user or user.presence ~= 'available' then return turned_down('no_response', 'away') end
  redis.call('ZADD', P .. 'timers', found.till, 'wait:' .. found.id)
end

if given(asked.customer.message) then
  keep(found, 'count', 1)
  redis.call('RPUSH', P .. 'messages:' .. found.id, cjson.encode({index = 1, from = 'customer', text = asked.customer.message, at = now}))
end
join_lines(found)
news()
return answer(seek(found) and 'offered' or 'queued')
