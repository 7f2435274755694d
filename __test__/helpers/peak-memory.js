'use strict'

// The most memory that a Node.js process had at once, as Linux counts it (VmHWM).

const fs = require('node:fs')
const { spawnSync } = require('node:child_process')

/** Where the process writes it when it ends. */
const REPORT = 3

/**
 * Runs a program to its end.
 * @param {string[]} args of node
 * @param {{timeoutMs?: number}} [options]
 * @returns {{status: number | null, stdout: string, stderr: string, peak: number, seconds: number}} peak in bytes, NaN where it was killed
 */
function peakOf (args, { timeoutMs = 120_000 } = {}) {
  const startedAt = process.hrtime.bigint()
  const { status, stdout, stderr, output } = spawnSync(process.execPath, ['--require', __filename, ...args], {
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe']
  })
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(output?.[REPORT])?.[1]
  return { status, stdout, stderr, peak: Number(kilobytes) * 1024, seconds: Number(process.hrtime.bigint() - startedAt) / 1e9 }
}

module.exports = { peakOf }

// Preloaded into the process that is measured.
if (module.parent?.id === 'internal/preload') {
  process.on('exit', () => fs.writeSync(REPORT, fs.readFileSync('/proc/self/status')))
}
