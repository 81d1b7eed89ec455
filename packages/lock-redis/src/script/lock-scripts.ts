import { LuaScript } from './lua-script.ts'

/*
 * A lock is a string, "fence owner", which Redis expires. A fence key holds the greatest fence of its lock, and goes once
 * the server's time is a day past it (rule 16): a greater one is then certain without it. Only KEYS are touched.
 */

/**
 * KEYS: lock, fence, and the marker of a store where there is quarantine. ARGV: owner, ttl, quarantine in ms.
 * Answers the fence when granted, {1, fence, ms left} when the owner has it already, {0, '', ms left} when another has, {2, '', ms left}
 * when it has just seen an empty store. What happens most is a text, since a list costs server and client more.
 */
export const ACQUIRE: LuaScript = new LuaScript(`
local held = redis.call('GET', KEYS[1])
if held then
  local fence, owner = string.match(held, '^(%d+) (.*)$')
  local left = redis.call('PTTL', KEYS[1])
  if owner == ARGV[1] then return {1, fence, left} end
  return {0, '', left}
end
local time = redis.call('TIME')
if KEYS[3] then
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local closed = redis.call('GET', KEYS[3])
  if not closed then
    redis.call('SET', KEYS[3], string.format('%.0f', now + ARGV[3]))
    return {2, '', tonumber(ARGV[3])}
  end
  if now < tonumber(closed) then return {0, '', tonumber(closed) - now} end
end
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
local fence = math.max(last + 1, time[1] * 1000000 + time[2])
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[2], text, 'PXAT', string.format('%.0f', math.floor(fence / 1000) + 86400000))
redis.call('SET', KEYS[1], text .. ' ' .. ARGV[1], 'PX', ARGV[2])
return text
`)

/**
 * KEYS: locks. ARGV: for each "fence owner", then its ttl. Answers 1 for each that was held so and is renewed, else 0. A key
 * of another type is not held, and does not keep the others from being renewed.
 */
export const RENEW: LuaScript = new LuaScript(`
local renewed = {}
for n, key in ipairs(KEYS) do
  if redis.pcall('GET', key) == ARGV[2 * n - 1] then
    renewed[n] = redis.call('PEXPIRE', key, ARGV[2 * n])
  else
    renewed[n] = 0
  end
end
return renewed
`)

/**
 * KEYS: lock. ARGV: owner, fence or '' for any, channel. Answers 1 when it was held so and is free now, else 0. A user who may
 * not publish releases all the same: those who wait then notice later.
 */
export const RELEASE: LuaScript = new LuaScript(`
local held = redis.call('GET', KEYS[1])
if not held then return 0 end
local fence, owner = string.match(held, '^(%d+) (.*)$')
if owner ~= ARGV[1] or (ARGV[2] ~= '' and fence ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[3], '')
return 1
`)

/** KEYS: lock, and the marker where there is quarantine. Answers for how many ms nobody can be granted it: -2 free, -1 unknown. */
export const HELD_FOR: LuaScript = new LuaScript(`
local left = redis.call('PTTL', KEYS[1])
local closed = KEYS[2] and redis.call('GET', KEYS[2])
if left ~= -2 or not closed then return left end
local time = redis.call('TIME')
return math.max(left, tonumber(closed) - (time[1] * 1000 + math.floor(time[2] / 1000)))
`)

/** KEYS: registers. ARGV: a value for each. Answers 1 for each that was absent or less and is moved, else 0. */
export const ADVANCE: LuaScript = new LuaScript(`
local moved = {}
for n, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  if not value or tonumber(value) < tonumber(ARGV[n]) then
    redis.call('SET', key, ARGV[n])
    moved[n] = 1
  else
    moved[n] = 0
  end
end
return moved
`)
