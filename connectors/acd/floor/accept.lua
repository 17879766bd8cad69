-- The agent takes what he is offered. ARGV[3]: contact, ARGV[4]: user. Accepting what one has changes nothing.
local found, why = held(ARGV[3], ARGV[4], 'offered')
if not found then return why == 'not_offered' and done() or refused(why) end
leave_queues(found)
redis.call('ZREM', P .. 'timers', 'offer:' .. found.id, 'wait:' .. found.id, 'again:' .. found.id)
keep(found, 'state', 'accepted', 'accepted', int(now))
local user = user_of(ARGV[4])
if user then
  answered(user)
  change(user, 'idle_since', now)
  place(user)
end
tell(found, 'accepted')
news(ARGV[4])
return done()
