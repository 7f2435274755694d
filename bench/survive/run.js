'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { MemoryGroup } = require('../../scripts/memory-group')
const { Skipped } = require('../../scripts/steps')
const { drive } = require('./load')

/** How a process looks that did not end by itself: by a signal, or by `abort()` as V8 does without memory. */
const ABORTED = 134

/** @typedef {{event: 'listening' | 'leak' | 'state' | 'exit', pid: number} & Record<string, any>} ClusterEvent */

/**
 * A cluster that leaks, all of its workers listening.
 * @param {object} options
 * @param {boolean} options.aside whether its workers step aside
 * @param {number} options.workers
 * @param {number} options.groupMb the limit of a memory group around all of them
 * @param {number} options.heapMb where none can be made, V8's heap limit of each
 * @param {number} options.bytesPerRequest
 * @param {string} options.directory of the recorder
 * @param {(event: ClusterEvent) => void} onEvent
 */
async function openCluster ({ aside, workers, groupMb, heapMb, bytesPerRequest, directory }, onEvent) {
  const group = memoryGroup(groupMb)
  const nodeArgs = group === null ? [`--max-old-space-size=${heapMb}`] : []
  const [command, ...args] = [...group?.wrap ?? [], process.execPath, ...nodeArgs, path.join(__dirname, 'cluster.js'), String(workers), directory, String(bytesPerRequest), ...aside ? ['aside'] : []]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (text) => { stderr = (stderr + text).slice(-5000) })
  const close = async () => {
    const gone = once(child, 'close')
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await gone
    group?.remove()
  }
  let listening = 0
  const port = await new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`the cluster ended: ${signal ?? code}\n${stderr}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line)
      if (event.event === 'listening' && ++listening === workers) resolve(event.port)
      onEvent(event)
    })
  })
  return { url: `http://127.0.0.1:${port}/products/7`, limitedBy: group === null ? 'heap' : 'group', close }
}

/** @param {ClusterEvent} event */
function isKilled ({ event, code, signal }) {
  return event === 'exit' && (signal !== null || code === ABORTED)
}

/**
 * A cluster that leaks, under load.
 * @param {Omit<Parameters<typeof openCluster>[0], 'directory'> & {rate: number, seconds: number, enough?: number}} options
 *   of openCluster, of the load, and enough: killed processes after which there is no need to go on
 */
async function survive ({ rate, seconds, enough = Infinity, ...options }) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tidemark-survive-'))
  /** @type {{killed: number, asides: number, problems: string[]}} */
  const result = { killed: 0, asides: 0, problems: [] }
  let load
  const cluster = await openCluster({ ...options, directory }, (event) => {
    if (isKilled(event) && ++result.killed >= enough) load?.stop()
    if (event.state === 'leaving') {
      result.asides++
      result.problems.push(...event.problems)
    }
  })
  try {
    load = drive({ url: cluster.url, connections: 30, rate, seconds })
    const startedAt = performance.now()
    Object.assign(result, await load.ended, { seconds: (performance.now() - startedAt) / 1000, limitedBy: cluster.limitedBy })
    return result
  } finally {
    await cluster.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function memoryGroup (megabytes) {
  try {
    const group = new MemoryGroup()
    group.limit(megabytes * 1048576)
    return group
  } catch (error) {
    if (error instanceof Skipped) return null
    throw error
  }
}

module.exports = { isKilled, openCluster, survive }
