'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { createError } = require('../../errors')

/** What is asked, for `in-app.js`; and the descriptor on which it answers. */
const VARIABLE = 'TIDEMARK_CHECK'
const PIPE = 3

/** Milliseconds that an app may take until it listens, beyond its budget, and to end when it is asked to. */
const LISTEN_MS = 30000
const GRACE_MS = 30000
const END_MS = 2000

/** Of what the app writes, the end. */
const MOST_OUTPUT = 4000

/** A line that says why something ended. */
const REASON = /^(?:Uncaught )?\w*Error\b.*|^.*\berror\b.*/im

/**
 * Runs an app by its own entry, and has its routes tested from within.
 * @param {{file: string, args: string[], port?: number, options: Record<string, any>}} what options: as of assertServerNoLeak()
 * @param {{signal?: AbortSignal, onProgress?: (progress: {route: string, requests: number, of: number}) => void}} how
 * @returns {Promise<{port: number, result: import('./result').ServerLeakResult}>}
 * @throws ERR_TIDEMARK_SERVER, ERR_TIDEMARK_LOAD
 */
function testApp ({ file, args, port, options }, { signal, onProgress }) {
  signal?.throwIfAborted()
  const child = spawn(process.execPath, [...process.execArgv, '--require', path.join(__dirname, 'in-app.js'), file, ...args], {
    env: { ...process.env, [VARIABLE]: JSON.stringify({ port, options }) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => { output = (output + text).slice(-MOST_OUTPUT) })
  const closed = new Promise((resolve) => { child.once('close', resolve) })
  /** @type {number | undefined} */
  let listening
  const test = new Promise((resolve, reject) => {
    const fail = (reason, sentence) => reject(createError('ERR_TIDEMARK_SERVER', [reason, sentence]))
    const late = (ms, sentence) => setTimeout(() => fail('timeout', sentence), ms)
    let timer = late(LISTEN_MS, `The app did not listen within ${LISTEN_MS / 1000} s${said(output)}. A server in a worker thread, or in the workers of a cluster, is not seen: give the entry of one worker`)
    const end = (settle) => {
      clearTimeout(timer)
      settle()
    }
    signal?.addEventListener('abort', () => end(() => reject(signal.reason)))
    child.once('error', (error) => end(() => fail('exit', `The app could not be started: ${error.message}`)))
    child.once('close', (code, by) => end(() => {
      fail('exit', `The app ended ${by === null ? `with code ${code}` : `by ${by}`} ${listening === undefined ? 'before it listened' : 'during the test'}${said(output)}`)
    }))
    createInterface({ input: /** @type {NodeJS.ReadableStream} */ (child.stdio[PIPE]) }).on('line', (line) => {
      const message = JSON.parse(line)
      if (message.listening !== undefined) {
        listening = message.listening
        clearTimeout(timer)
        timer = late(options.budget + GRACE_MS, `The app did not end the test within its budget of ${options.budget} ms and ${GRACE_MS / 1000} s more`)
      }
      if (message.progress !== undefined) onProgress?.(message.progress)
      if (message.result !== undefined) end(() => resolve({ port: listening, result: message.result }))
      if (message.error !== undefined) end(() => reject(rebuilt(message.error)))
    })
  })
  return test.finally(async () => {
    child.kill()
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await closed
    clearTimeout(timer)
  })
}

/** What was thrown in the app. */
function rebuilt ({ code, reason, message }) {
  return Object.assign(new Error(message), { code, reason })
}

/** What the app said of its end, if anything. */
function said (output) {
  const line = REASON.exec(output)?.[0] ?? output.trimEnd().split('\n').at(-1) ?? ''
  return line === '' ? '' : `: ${line.trim()}`
}

module.exports = { PIPE, VARIABLE, testApp }
