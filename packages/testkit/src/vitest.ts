export { describeJobStoreContract } from './job-store/describe-job-store-contract.ts'
export { describeMutexContract } from './lock/describe-mutex-contract.ts'
