/** One instance of the demo: the service as it is, which also stops when the demo lets go of it or dies. */
process.once('disconnect', () => process.emit('SIGTERM', 'SIGTERM'))
// Nobody reads its log any more when the demo has died; stopping matters more.
process.stdout.on('error', () => undefined)
await import('../main.ts')
