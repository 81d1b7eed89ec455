export { describeMutexContract } from './lock/describe-mutex-contract.ts'
