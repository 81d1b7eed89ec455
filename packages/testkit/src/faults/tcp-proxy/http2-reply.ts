/** Each frame begins with so many bytes: length (3), type, flags, stream (RFC 9113, section 4.1). */
const HEAD_BYTES = 9
const DATA = 0
const HEADERS = 1
const END_STREAM = 1

/**
 * Whether a server has answered over HTTP/2, as etcd does: a frame of DATA, or the HEADERS that end a stream. Settings,
 * pings and window updates, which it sends before it acts, are none.
 *
 * @param bytes - Begin with a whole frame.
 */
export function isHttp2Reply(bytes: Buffer): boolean {
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at += HEAD_BYTES + bytes.readUIntBE(at, 3)) {
    const [type, flags = 0] = bytes.subarray(at + 3)
    if (type === DATA || (type === HEADERS && (flags & END_STREAM) !== 0)) return true
  }
  return false
}
