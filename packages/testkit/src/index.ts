export type { VirtualNode, VirtualNodeOptions } from './runtime/virtual-node.ts'
export type { VirtualRuntime, VirtualRuntimeOptions } from './runtime/virtual-runtime.ts'
export { virtualRuntime } from './runtime/virtual-runtime.ts'
export { VirtualTimeError } from './runtime/virtual-time-error.ts'
