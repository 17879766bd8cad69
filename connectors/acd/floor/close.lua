-- A supervisor ends a contact. ARGV[3]: contact, ARGV[4]: dissuasion (turned away from the queue, before an agent has it) or closed.
local found = contact(ARGV[3])
if not found then return refused('unknown_distribution') end
if found.state == 'ended' then return refused('over') end
if ARGV[4] == 'dissuasion' then
  if found.kind ~= 'queue' or found.state == 'accepted' then return refused('not_waiting') end
  finish(found, 'dissuasion')
elseif found.kind == 'queue' then
  finish(found, 'unprocessed', 'closed')
else
  finish(found, 'error', 'closed')
end
return done()
