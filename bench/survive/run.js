'use strict'

const { spawn } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { MemoryGroup } = require('../../scripts/memory-group')
const { Skipped } = require('../../scripts/steps')
const { drive } = require('./load')

/** How a process looks that did not end by itself: by a signal, or by `abort()` as V8 does without memory. */
const ABORTED = 134

/**
 * A cluster that leaks, under load.
 * @param {object} options
 * @param {boolean} options.aside whether its workers step aside
 * @param {number} options.workers
 * @param {number} options.groupMb the limit of a memory group around all of them
 * @param {number} options.heapMb where none can be made, V8's heap limit of each
 * @param {number} options.bytesPerRequest
 * @param {number} options.rate requests a second, of all together
 * @param {number} options.seconds
 * @param {string} [options.directory] of the recorder; one of its own, gone with the run
 * @param {number} [options.enough] killed processes after which there is no need to go on
 * @param {(event: object) => void} [options.onEvent]
 */
async function survive ({ aside, workers, groupMb, heapMb, bytesPerRequest, rate, seconds, directory: given, enough = Infinity, onEvent = () => {} }) {
  const directory = given ?? mkdtempSync(path.join(os.tmpdir(), 'tidemark-survive-'))
  const group = memoryGroup(groupMb)
  const nodeArgs = group === null ? [`--max-old-space-size=${heapMb}`] : []
  const command = [...group?.wrap ?? [], process.execPath, ...nodeArgs, path.join(__dirname, 'cluster.js'), String(workers), directory, String(bytesPerRequest), ...aside ? ['aside'] : []]
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  const result = { killed: 0, asides: 0, problems: [] }
  let load
  try {
    await new Promise((resolve, reject) => {
      let listening = 0
      let stderr = ''
      child.stderr.on('data', (text) => { stderr = (stderr + text).slice(-5000) })
      child.once('exit', (code, signal) => reject(new Error(`the cluster ended: ${signal ?? code}\n${stderr}`)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line)
        if (event.event === 'exit' && (event.signal !== null || event.code === ABORTED)) {
          result.killed++
          if (result.killed >= enough) load?.stop()
        }
        if (event.event === 'state' && event.state === 'leaving') {
          result.asides++
          result.problems.push(...event.problems)
        }
        if (event.event === 'listening' && ++listening === workers) resolve(event.port)
        onEvent(event)
      })
    }).then((port) => { load = drive({ url: `http://127.0.0.1:${port}/products/7`, connections: 30, rate, seconds }) })
    const startedAt = performance.now()
    Object.assign(result, await load.ended, { seconds: (performance.now() - startedAt) / 1000, oomKills: group?.oomKills ?? null })
    return result
  } finally {
    load?.stop()
    child.removeAllListeners('exit')
    const gone = new Promise((resolve) => { child.once('close', resolve) })
    child.kill('SIGKILL')
    await gone
    group?.remove()
    if (given === undefined) rmSync(directory, { recursive: true, force: true })
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

module.exports = { survive }
