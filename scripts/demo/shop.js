'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'express-leak')
const PROBE = path.join(__dirname, 'probe.js')
const START_WITHIN_MS = 20000

/** A heap as an app in a small container has it; V8 collects a small heap more often than a large one. */
const NODE_ARGS = ['--max-old-space-size=512']

const running = new Set()
process.on('exit', () => { for (const child of running) child.kill('SIGKILL') })
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
  process.on(signal, () => process.exit(128 + number))
}

/** What the probe tells. @typedef {{event: 'stats' | 'leak', usedHeapSize: number, state: string, heldBackBy?: string, message: string}} Told */

/**
 * Starts a file of the example on a free port of the loopback interface.
 * @param {string} file
 * @param {object} env variables for it, beside ours
 * @param {(message: Told) => void} onMessage what the probe tells
 * @param {(line: string) => void} onLine what the app itself prints
 * @returns {Promise<{url: string, ended: Promise<never>, stop (): void}>} ended: rejects when it
 *   ends without having been stopped
 */
async function openShop (file, env, onMessage, onLine) {
  const child = spawn(process.execPath, [...NODE_ARGS, '--require', PROBE, path.join(EXAMPLE, file)], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  running.add(child)
  child.on('message', (message) => onMessage(/** @type {Told} */ (message)))
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk) => { stderr = (stderr + chunk).slice(-4000) })
  /** @type {Promise<never>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      running.delete(child)
      reject(new Error(`The app ended (${signal ?? `exit code ${code}`}).\n${stderr}`))
    })
  })
  ended.catch(() => {}) // whoever still waits for it gets it
  const url = await Promise.race([listening(child, onLine), ended])
  return { url, ended, stop: () => child.kill('SIGKILL') }
}

function listening (child, onLine) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`The app did not listen within ${START_WITHIN_MS / 1000} s.`)), START_WITHIN_MS)
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const url = /listens at (\S+)/.exec(line)?.[1]
        if (url) {
          clearTimeout(late)
          resolve(url)
        } else {
          onLine(line)
        }
      }
    })
  })
}

module.exports = { openShop }
