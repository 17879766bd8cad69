-- The agent says whether he is there. ARGV[3]: user, ARGV[4]: available, away or signed_out.
local user = user_of(ARGV[3])
if not user then return refused('unknown_user') end
if ARGV[4] == 'available' and not user.active then return refused('inactive_user') end
if ARGV[4] == 'signed_out' then
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'with:' .. user.name)) do
    if contact(id).state == 'accepted' then return refused('conversations_open') end
  end
end
redis.call('HDEL', P .. 'user:' .. user.name, 'why')
if user.presence ~= ARGV[4] then be(user, ARGV[4]) end
heard(user)
return done()
