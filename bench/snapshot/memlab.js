'use strict'

// Reads a snapshot with memlab, dominators and retained sizes included: node memlab.js MODULE FILE

const { write } = process.stdout
process.stdout.write = () => true // its progress bar
const { getFullHeapFromFile } = require(process.argv[2])

const start = performance.now()
getFullHeapFromFile(process.argv[3]).then((heap) => {
  const totalMs = performance.now() - start
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  process.stdout.write = write
  console.log(JSON.stringify({
    totalMs,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMb: maxRSS / 1024,
    nodes: heap.nodes.length
  }))
  process.exit()
})
