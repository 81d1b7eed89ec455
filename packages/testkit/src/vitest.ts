export { describeJobStoreContract } from './job-store/describe-job-store-contract.ts'
export { describeMutexContract } from './lock/describe-mutex-contract.ts'
export type { OnServer } from './servers/describe-on-servers.ts'
export { describeOnServers } from './servers/describe-on-servers.ts'
