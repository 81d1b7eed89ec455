export type {
  FaultRates,
  FaultyStore,
  FaultyStoreMethod,
  FaultyStoreOptions,
  ScriptedFault,
  StoreFault,
} from './faults/faulty-store.ts'
export { faultyStore } from './faults/faulty-store.ts'
export type { CheckHistoryOptions } from './history/check-history.ts'
export { checkHistory } from './history/check-history.ts'
export type { HistoryEvent } from './history/history-event.ts'
export type {
  DataLoss,
  FailedWrite,
  HistoryFinding,
  HistoryFindingKind,
  HistoryReport,
  KeyWait,
} from './history/history-report.ts'
export type { CreateJobStore, JobStoreCase } from './job-store/job-store-case.ts'
export { jobStoreContract } from './job-store/job-store-contract.ts'
export type { StageClaim } from './job-store/store-stage.ts'
export { StoreStage } from './job-store/store-stage.ts'
export type { CutOffSetup } from './lock/cut-off-holder.ts'
export { cutOffHolder } from './lock/cut-off-holder.ts'
export type { ContractClock, ContractNode } from './lock/contract-clock.ts'
export type { FaultyLockDriver, FaultyMethod, LockCall, LockFault } from './lock/faulty-lock-driver.ts'
export { faultyLockDriver } from './lock/faulty-lock-driver.ts'
export { leaseLost } from './lock/lease-lost.ts'
export type { MutexCase, MutexClient, MutexContractServer, MutexContractTarget } from './lock/mutex-case.ts'
export { mutexContract } from './lock/mutex-contract.ts'
export { silentLogger } from './lock/silent-logger.ts'
export type { VirtualNode, VirtualNodeOptions } from './runtime/virtual-node.ts'
export type { VirtualRuntime, VirtualRuntimeOptions } from './runtime/virtual-runtime.ts'
export { virtualRuntime } from './runtime/virtual-runtime.ts'
export { seededRandom } from './runtime/seeded-random.ts'
export { VirtualTimeError } from './runtime/virtual-time-error.ts'
export type { ClusterMember, MemberOptions } from './machine/virtual-cluster.ts'
export { VirtualCluster } from './machine/virtual-cluster.ts'
export type { VirtualMachine } from './machine/virtual-machine.ts'
export { virtualMachine } from './machine/virtual-machine.ts'
export type { CreateSharedStore, SchedulerCase } from './scheduler/scheduler-case.ts'
export { schedulerContract } from './scheduler/scheduler-contract.ts'
export type { SchedulerTesting, TickRun } from './testing/testing.ts'
export { testing } from './testing/testing.ts'
