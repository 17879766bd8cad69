-- The agent does not take what he is offered. ARGV[3]: contact, ARGV[4]: user.
local found, why = held(ARGV[3], ARGV[4], 'offered')
if not found then return refused(why) end
answered(user_of(ARGV[4]))
if found.kind == 'queue' then hand_back(found, true) else finish(found, 'no_response', 'declined') end
return done()
