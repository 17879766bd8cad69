-- A sign of life of an agent. ARGV[3]: user.
local user = user_of(ARGV[3])
if not user then return refused('unknown_user') end
heard(user)
return done()
