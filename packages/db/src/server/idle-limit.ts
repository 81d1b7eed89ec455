/**
 * So long may a transaction of ours wait for its next statement, then the server ends its session. A process that was
 * stopped, or whose machine was cut off, would otherwise keep its locks until the server notices, which takes hours.
 * Not above the least lease: what it has locked is free when its lease is over. Seconds.
 */
export const IDLE_LIMIT_S = 5
