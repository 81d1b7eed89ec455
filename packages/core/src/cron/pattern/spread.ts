/**
 * A fraction in [0, 1) that depends on the name alone, so that every instance and every restart draws the same one
 * (FNV-1a, 32 bits, then the finalizer of MurmurHash3, since names often differ in their last letters only).
 */
export function spreadFraction(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
