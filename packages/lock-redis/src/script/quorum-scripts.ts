import { LuaScript } from './lua-script.ts'

/*
 * What each server of a quorum does by itself. Its memory is one hash: `high`, the greatest fence that it has ever given, of all
 * keys. A server without it has lost its data, or is new: it writes down when that was first seen (`born`), and neither
 * grants nor moves anything until it has been taught what the others know. Its registers are one hash, so that they can be taught.
 *
 * A lock is "fence owner", as on a single server. While an owner keeps it, its fence only grows; it begins above `high`.
 */

/** Begins a script with KEYS[1] the memory and ARGV[1] an id; ends it with {2, born, ms since then} without memory. */
const REMEMBER = `local high = redis.call('HGET', KEYS[1], 'high')
local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]
if not high then
  redis.call('HSETNX', KEYS[1], 'born', string.format('%.0f', clock) .. ' ' .. ARGV[1])
  local born = redis.call('HGET', KEYS[1], 'born')
  return {2, born, math.floor((clock - tonumber(string.match(born, '^%d+'))) / 1000)}
end`

/**
 * KEYS: memory, lock. ARGV: owner, ttl, the fence that is wanted or '' for the server's time in µs, the greatest fence that the
 * owner has given back: it may be released still. Answers {1, fence, ms left} when the lock is the owner's, {0, '', ms left}
 * when it is another's.
 */
export const PROPOSE: LuaScript = new LuaScript(`
${REMEMBER}
local held = redis.call('GET', KEYS[2])
if held then
  local fence, owner = string.match(held, '^(%d+) (.*)$')
  local left = redis.call('PTTL', KEYS[2])
  if owner ~= ARGV[1] then return {0, '', left} end
  if tonumber(fence) > tonumber(ARGV[4]) then return {1, fence, left} end
end
local fence = string.format('%.0f', math.max(tonumber(high) + 1, tonumber(ARGV[3]) or clock))
redis.call('HSET', KEYS[1], 'high', fence)
redis.call('SET', KEYS[2], fence .. ' ' .. ARGV[1], 'PX', ARGV[2])
return {1, fence, tonumber(ARGV[2])}
`)

/** KEYS: memory, lock. ARGV: owner, fence. Answers {1, ms left} when the owner has the lock under this fence from now on, else {0, 0}. */
export const RAISE: LuaScript = new LuaScript(`
local high = redis.call('HGET', KEYS[1], 'high')
local held = redis.call('GET', KEYS[2])
if not high or not held then return {0, 0} end
local fence, owner = string.match(held, '^(%d+) (.*)$')
if owner ~= ARGV[1] or tonumber(fence) > tonumber(ARGV[2]) then return {0, 0} end
if tonumber(high) < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'high', ARGV[2]) end
redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. owner, 'KEEPTTL')
return {1, redis.call('PTTL', KEYS[2])}
`)

/**
 * KEYS: memory, registers. ARGV: an id, then name, value and id of each entry. Answers {1, a list} with '' for each register that
 * the entry moved there, now or before, '>' for one that is past that, else the id of the entry that did it.
 */
export const MOVE: LuaScript = new LuaScript(`
${REMEMBER}
local answers = {}
for n = 1, (#ARGV - 1) / 3 do
  local name, value, id = ARGV[3 * n - 1], ARGV[3 * n], ARGV[3 * n + 1]
  local at, by = string.match(redis.call('HGET', KEYS[2], name) or '', '^(%S+) (.*)$')
  if not at or tonumber(at) < tonumber(value) then
    redis.call('HSET', KEYS[2], name, value .. ' ' .. id)
    answers[n] = ''
  elseif tonumber(at) > tonumber(value) then
    answers[n] = '>'
  else
    answers[n] = by == id and '' or by
  end
end
return {1, answers}
`)

/** KEYS: memory, registers. Answers {1, high, names and values of all registers}, or {2, born} without memory. */
export const RECALL: LuaScript = new LuaScript(`
local high = redis.call('HGET', KEYS[1], 'high')
if not high then return {2, redis.call('HGET', KEYS[1], 'born') or ''} end
return {1, high, redis.call('HGETALL', KEYS[2])}
`)

/** KEYS: memory, registers. ARGV: what it said that it was born, the high of others, names and values of registers. Answers 1 when taught. */
export const TEACH: LuaScript = new LuaScript(`
if redis.call('HGET', KEYS[1], 'born') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'high') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'high', ARGV[2])
for n = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[n], ARGV[n + 1]) end
return 1
`)
