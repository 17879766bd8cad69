-- Take a contact back. ARGV[3]: contact. One that is not there yet is known as taken back, should its command come after all.
local found = contact(ARGV[3])
if not found then
  found = {id = ARGV[3]}
  keep(found, 'kind', '', 'state', 'ended', 'outcome', 'cancelled', 'first_outcome', 'cancelled', 'first_reason', '', 'first_detail', '')
  forget_later(found.id)
elseif found.state ~= 'ended' then
  finish(found, 'cancelled')
end
return done()
