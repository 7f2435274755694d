// Reads a snapshot with Chrome DevTools' own model: node devtools.mjs MODEL FILE

import fs from 'node:fs'
import { pathToFileURL } from 'node:url'

const [model, file] = process.argv.slice(2)
const { HeapSnapshotLoader, SecondaryInitManager } = await import(pathToFileURL(model))

const start = performance.now()
const loader = new HeapSnapshotLoader({ sendEvent () {} })
for await (const chunk of fs.createReadStream(file, { highWaterMark: 4 << 20, encoding: 'utf8' })) {
  loader.write(chunk)
  // Its reader goes on in a later turn, and else the file would gather in its queue.
  await new Promise(setImmediate)
}
loader.close()
await loader.parsingComplete
const parsed = performance.now()
// In the browser the second half of the work has a worker of its own; here it takes turns.
const { port1, port2 } = new MessageChannel()
const manager = new SecondaryInitManager(port2)
console.warn = () => {}
const snapshot = await loader.buildSnapshot(port1)
const end = performance.now()
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(JSON.stringify({
  parseMs: parsed - start,
  totalMs: end - start,
  cpuMs: (userCPUTime + systemCPUTime) / 1000,
  peakMb: maxRSS / 1024,
  nodes: snapshot.nodeCount,
  total: snapshot.totalSize,
  manager: Boolean(manager)
}))
process.exit()
