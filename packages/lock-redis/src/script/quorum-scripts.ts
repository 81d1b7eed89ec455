import { REFUSE_IN_QUARANTINE } from './lock-scripts.ts'
import { LuaScript } from './lua-script.ts'

/*
 * A grant on several servers takes two steps. Each server proposes a fence, greater than all that it knows; the greatest
 * proposal of a majority is then written to a majority. Any two majorities share a server, so that later fences are greater. Between
 * the two the lock is "0 owner".
 */

/**
 * KEYS: lock, fence, and the marker of a store where there is quarantine. ARGV: owner, ttl, quarantine in ms. Answers
 * {1, fence or '0', ms left, proposal} when the lock is the owner's, else as ACQUIRE.
 */
export const PROPOSE: LuaScript = new LuaScript(`
local held = redis.call('GET', KEYS[1])
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
local clock = time[1] * 1000000 + time[2]
if held then
  local fence, owner = string.match(held, '^(%d+) (.*)$')
  local left = redis.call('PTTL', KEYS[1])
  if owner == ARGV[1] then return {1, fence, left, string.format('%.0f', math.max(last, clock))} end
  return {0, '', left}
end
${REFUSE_IN_QUARANTINE}
local proposal = math.max(last + 1, clock)
local text = string.format('%.0f', proposal)
redis.call('SET', KEYS[2], text, 'PXAT', string.format('%.0f', math.floor(proposal / 1000) + 86400000))
redis.call('SET', KEYS[1], '0 ' .. ARGV[1], 'PX', ARGV[2])
return {1, '0', tonumber(ARGV[2]), text}
`)

/**
 * KEYS: lock, fence. ARGV: owner, fence. Answers the fence under which the owner has the lock from now on, which is the
 * first that was written, or '0' when the lock is not the owner's.
 */
export const COMMIT: LuaScript = new LuaScript(`
local held = redis.call('GET', KEYS[1])
if not held then return '0' end
local fence, owner = string.match(held, '^(%d+) (.*)$')
if owner ~= ARGV[1] then return '0' end
if fence ~= '0' then return fence end
if tonumber(redis.call('GET', KEYS[2]) or 0) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2], 'PXAT', string.format('%.0f', math.floor(tonumber(ARGV[2]) / 1000) + 86400000))
end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[1], 'KEEPTTL')
return ARGV[2]
`)
