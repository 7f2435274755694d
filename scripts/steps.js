'use strict'

// How the scripts run things: one line a step, and what a command printed only when it failed.

const { spawn } = require('node:child_process')
const { readFileSync } = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** A step that has said nothing for this long shows that it is alive, then every so often. */
const FIRST_SIGN_MS = 2000
const NEXT_SIGN_MS = 30000

/** Thrown by a step that cannot be done here: `message` says why. */
class Skipped extends Error {}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: object, deadlineMs?: number, verbose?: boolean}} [options]
 * @returns {Promise<{code: number | null, signal: string | null, output: string, stdout: string}>}
 */
function run (command, args, options = {}) {
  const { cwd = ROOT, env, deadlineMs = 900000, verbose = false } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: process.platform === 'win32' && command === 'npm'
    })
    let output = ''
    let stdout = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, deadlineMs)
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      output += chunk
      if (verbose) process.stdout.write(chunk)
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
      if (verbose) process.stderr.write(chunk)
    })
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (late) output += `\n(killed: not done after ${deadlineMs / 1000} s)\n`
      resolve({ code, signal, output, stdout })
    })
  })
}

/** As `run`, and a command that fails throws what it printed. */
async function must (command, args, options) {
  const ended = await run(command, args, options)
  if (ended.code !== 0) {
    const how = ended.signal ? `signal ${ended.signal}` : `exit code ${ended.code}`
    throw new Error(`${[path.basename(command), ...args].join(' ')}: ${how}\n${tail(ended.output)}`)
  }
  return ended
}

/** What a command printed last. @param {string} output */
function lastLine (output) {
  return output.trim().split('\n').at(-1) ?? ''
}

/**
 * The environment for a command: no colours, and without what `npm run` and `node --test` add for
 * their own child. That would make a nested npm look at the wrong folder, and a nested test runner
 * think that it is a child.
 */
function cleanEnvironment () {
  const added = /^npm_(package|lifecycle)_|^npm_(config_local_prefix|command|execpath)$|^(NODE_TEST_CONTEXT|INIT_CWD|FORCE_COLOR)$/
  const kept = Object.entries(process.env).filter(([name]) => !added.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', CARGO_TERM_COLOR: 'never' }
}

/** The file that a development dependency runs as a command, to be run by this Node.js. */
function commandOf (packageName, name = packageName) {
  const folder = path.join(ROOT, 'node_modules', ...packageName.split('/'))
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return path.join(folder, typeof bin === 'string' ? bin : bin[name])
}

/** Whether a command can be started: asks it for its version. */
async function versionOf (command, args = ['--version']) {
  try {
    const { code, stdout } = await run(command, args, { deadlineMs: 30000 })
    return code === 0 ? /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] : undefined
  } catch {
    return undefined
  }
}

/** Says that `title` goes on while `work` takes long. */
async function withSigns (title, work) {
  const startedAt = Date.now()
  const sign = () => {
    console.log(`...   ${title}${seconds(startedAt) < 3 ? '' : ` (${seconds(startedAt)} s)`}`)
    timer = setTimeout(sign, NEXT_SIGN_MS)
  }
  let timer = setTimeout(sign, FIRST_SIGN_MS)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

/** Runs steps one after another and counts them. A step may answer with its own counts. */
class Steps {
  passed = 0
  failed = 0
  skipped = 0
  #strict

  /** @param {{strict?: boolean}} [options] strict: what is skipped has failed (CI installs everything) */
  constructor ({ strict = Boolean(process.env.CI) } = {}) {
    this.#strict = strict
  }

  /**
   * @param {string} title
   * @param {() => Promise<void | {passed: number, failed: number, skipped?: number, note?: string}>} work
   */
  async step (title, work) {
    const startedAt = Date.now()
    try {
      const counts = await withSigns(title, work) ?? { passed: 1, failed: 0 }
      this.passed += counts.passed
      this.failed += counts.failed
      this.skipped += counts.skipped ?? 0
      line(counts.failed > 0 ? 'FAIL' : 'ok', title, startedAt, counts.note)
    } catch (error) {
      if (error instanceof Skipped && !this.#strict) {
        this.skipped++
        line('skip', `${title}: skipped: ${error.message}`)
        return
      }
      this.failed++
      line('FAIL', title, startedAt)
      console.log(indent(error instanceof Skipped ? `${error.message}, and CI must run every step` : messageOf(error)))
    }
  }

  /** The closing line, alone on its line; the exit code follows it. */
  close () {
    console.log(`${this.passed} passed, ${this.failed} failed${this.skipped > 0 ? `, ${this.skipped} skipped` : ''}`)
    process.exitCode = this.failed > 0 ? 1 : 0
  }
}

function line (state, title, startedAt, note) {
  const time = startedAt === undefined ? '' : `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  console.log(`${state.padEnd(5)} ${title.padEnd(58)} ${time.padStart(8)}${note ? `   ${note}` : ''}`.trimEnd())
}

function messageOf (error) {
  return error instanceof Error ? error.message : String(error)
}

function seconds (startedAt) {
  return Math.round((Date.now() - startedAt) / 1000)
}

/** The end of a long text: where a compiler or a test runner says what went wrong. */
function tail (text, most = 20000) {
  return text.length <= most ? text : `(${text.length - most} characters before this)\n${text.slice(-most)}`
}

function indent (text) {
  return text.trimEnd().split('\n').map((each) => `      ${each}`.trimEnd()).join('\n')
}

/** Ends a script that failed as a whole: a sentence rather than a stack. */
function exitWith (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}

module.exports = { ROOT, Steps, Skipped, run, must, commandOf, versionOf, withSigns, lastLine, tail, indent, exitWith }
