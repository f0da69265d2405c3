"""The steps of the Redis store, as a script that Redis carries out at once: `FairCore` in Lua.

The places under a key are a sorted set: the moment each comes free is its score, and its member is
`governor:request`, with a minus in front once that moment is known. Beside it are the governors
known to wait, with `:w`, and the notice, with `:n`.

A call carries many steps, as JSON: for each its name, how many keys it has, and its terms. Beside
them is the time, unless Redis is to look at its own clock.
"""

from __future__ import annotations

from typing import Final

__all__ = ["SCRIPT"]

_COMMON: Final = """
local function text(number)
  return string.format('%.17g', number)
end
local order = cjson.decode(ARGV[1])
local now, longer = order.now, 86400000
if not now then
  local time = redis.call('TIME')
  now, longer = tonumber(time[1]) + tonumber(time[2]) / 1000000, 1000
end
local function life(till)
  return math.ceil(math.max(0, till - now) * 1000) + longer
end
local function keep(key)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  if last[2] then redis.call('PEXPIRE', key, life(tonumber(last[2]))) end
end
local function prune(key, streak)
  if streak then
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
    if last[2] and tonumber(last[2]) <= now then redis.call('DEL', key) end
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
  end
  return redis.call('ZCARD', key)
end
local function owner(member)
  return string.match(member, '%d+')
end
local function flying(member)
  return string.sub(member, 1, 1) ~= '-'
end
local function posted(found)
  if not found then return false end
  local since, till, words = string.match(found, '^(%S+) (%S+) (.*)$')
  if tonumber(till) <= now then return false end
  return {text(now - tonumber(since)), words}
end
local steps = {}
"""

_TAKE: Final = """
function steps.take(keys, terms)
  local name, lease, ticket = terms[1], terms[3], terms[4]
  local member = name .. ':' .. terms[2]
  local function rivals(key, line)
    redis.call('ZREMRANGEBYSCORE', line, '-inf', text(now))
    local waiting = redis.call('ZRANGE', line, 0, -1)
    if #waiting == 0 then return 0 end
    local counts = {}
    for _, place in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local who = owner(place)
      counts[who] = (counts[who] or 0) + 1
    end
    local mine, found = (counts[name] or 0) + 1, 0
    for _, who in ipairs(waiting) do
      if who == name then mine = mine - 1 end
    end
    for _, who in ipairs(waiting) do
      if who ~= name and (counts[who] or 0) < mine then found = found + 1 end
    end
    return found
  end
  local needs, lacks = {}, {}
  for i = 1, #keys / 3 do
    local need = {
      index = i - 1, key = keys[3 * i - 2], line = keys[3 * i - 1], notice = keys[3 * i],
      limit = terms[2 + 3 * i], hold = terms[3 + 3 * i],
      streak = terms[4 + 3 * i] == 1
    }
    need.count = prune(need.key, need.streak)
    need.room = need.limit - need.count
    if need.room > 0 then need.room = need.room - rivals(need.key, need.line) end
    needs[i] = need
    if need.room <= 0 then lacks[#lacks + 1] = need end
  end
  if #lacks > 0 then
    local answer = {0}
    for _, need in ipairs(lacks) do
      if ticket > 0 then
        redis.call('ZADD', need.line, text(now + ticket), name)
        keep(need.line)
      end
      local places = redis.call('ZRANGE', need.key, 0, -1, 'WITHSCORES')
      local wait, others = 0, {}
      if need.count >= need.limit then
        local first = need.streak and need.count or need.count - need.limit + 1
        wait = tonumber(places[2 * first]) - now
      end
      for j = 1, #places, 2 do
        if owner(places[j]) ~= name then
          others[#others + 1] = places[j]
          others[#others + 1] = text(tonumber(places[j + 1]) - now)
        end
      end
      answer[#answer + 1] = {need.index, text(wait), others}
    end
    return answer
  end
  local rooms, taken, notices = {}, {}, {}
  for i, need in ipairs(needs) do
    if not taken[need.key] then
      taken[need.key] = true
      redis.call('ZADD', need.key, text(now + lease + need.hold), member)
      redis.call('ZREM', need.line, name)
      keep(need.key)
    end
    rooms[i], notices[i] = need.room - 1, need.notice
  end
  for _, found in ipairs(redis.call('MGET', unpack(notices))) do
    local notice = posted(found)
    if notice then return {1, rooms, notice} end
  end
  return {1, rooms}
end
"""

_SETTLE: Final = """
function steps.settle(keys, terms)
  local member, sent, believed = terms[1], terms[2] == 1, now + terms[3]
  for i, key in ipairs(keys) do
    local hold = terms[3 + i]
    local at = redis.call('ZSCORE', key, member)
    if at and tonumber(at) > now + hold then
      redis.call('ZREM', key, member)
      if sent and believed + hold > now then
        redis.call('ZADD', key, text(believed + hold), '-' .. member)
      end
      keep(key)
    end
  end
end
"""

_FILL: Final = """
function steps.fill(keys, terms)
  local key, member, till = keys[1], terms[1], now + terms[2]
  local leave, limit, hold = terms[3], terms[4], terms[5]
  prune(key, terms[6] == 1)
  local places = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  local missing, brief = limit - leave, {}
  for j = 1, #places, 2 do
    local free_at = tonumber(places[j + 1])
    if flying(places[j]) then
      free_at = math.min(free_at, now + hold)
    elseif free_at < till then
      local who, turn = string.match(places[j], '(%d+):(%d+)')
      brief[#brief + 1] = {places[j], free_at, tonumber(who), tonumber(turn)}
    end
    if free_at >= till then missing = missing - 1 end
  end
  table.sort(brief, function(one, two)
    if one[2] ~= two[2] then return one[2] < two[2] end
    if one[3] ~= two[3] then return one[3] > two[3] end
    return one[4] > two[4]
  end)
  for i = 1, missing do
    if brief[i] then redis.call('ZREM', key, brief[i][1]) end
    redis.call('ZADD', key, text(till), member .. ':' .. i)
  end
  keep(key)
end
"""

_RESTORE: Final = """
function steps.restore(keys, terms)
  local name, at = terms[1], 2
  for _, key in ipairs(keys) do
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      if owner(member) == name then redis.call('ZREM', key, member) end
    end
    for _ = 1, terms[at] do
      redis.call('ZADD', key, text(now + terms[at + 2]), terms[at + 1])
      at = at + 2
    end
    at = at + 1
    keep(key)
  end
end
"""

_NOTICE: Final = """
function steps.notice(keys, terms)
  return posted(redis.call('GET', keys[1]))
end
"""

_POST: Final = """
function steps.post(keys, terms)
  local there = posted(redis.call('GET', keys[1]))
  if (there and there[2] or '') ~= terms[1] then return 0 end
  if terms[2] == '' then
    redis.call('DEL', keys[1])
  else
    local till = now + terms[3]
    local notice = table.concat({text(now), text(till), terms[2]}, ' ')
    redis.call('SET', keys[1], notice, 'PX', life(till))
  end
  return 1
end
"""

_RUN: Final = """
local answers, key = {}, 1
for _, step in ipairs(order.steps) do
  local keys = {}
  for i = 1, step[2] do keys[i] = KEYS[key + i - 1] end
  key = key + step[2]
  answers[#answers + 1] = steps[step[1]](keys, step[3]) or 0
end
return answers
"""

SCRIPT: Final = _COMMON + _TAKE + _SETTLE + _FILL + _RESTORE + _NOTICE + _POST + _RUN
