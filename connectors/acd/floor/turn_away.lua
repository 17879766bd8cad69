-- The agent turns the customer away: nobody is to take the contact. ARGV[3]: contact, ARGV[4]: user.
local found, why = held(ARGV[3], ARGV[4], 'offered')
if not found then return refused(why) end
if found.kind ~= 'queue' then return refused('not_from_a_queue') end
answered(user_of(ARGV[4]))
finish(found, 'dissuasion_by_user')
return done()
