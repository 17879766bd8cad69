-- The agent ends a contact that he has. ARGV[3]: contact, ARGV[4]: user, ARGV[5]: done, customer_left or closed. Ending it again changes nothing.
local found, why = held(ARGV[3], ARGV[4], 'accepted')
if not found then return why == 'over' and done() or refused(why) end
local reason = ARGV[5] ~= 'done' and ARGV[5] or nil
if found.kind == 'queue' then finish(found, reason and 'unprocessed' or 'processed', reason) else finish(found, 'ok', reason) end
return done()
