'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')

const PROGRAMS = path.join(__dirname, '..', 'programs')

/**
 * Runs a program of `__test__/programs` in a process of its own, with a deadline. GC behaviour is
 * only ever tested like this: the test runner's own heap stays out of it.
 *
 * @param {string} program file name
 * @param {{args?: string[], nodeArgs?: string[], env?: object, deadlineMs?: number, cwd?: string}} [options]
 * @returns {Promise<{code: number | null, signal: string | null, stdout: string, stderr: string, json: any}>}
 *   `json` is the last line of stdout, parsed where it is JSON
 */
function run (program, options) {
  return runIn([], program, options)
}

/** As `run`, by a command that starts what follows it: `['unshare', '-m']`. */
function runIn (prefix, program, options = {}) {
  const { args = [], nodeArgs = [], env = {}, deadlineMs = 60000, cwd } = options
  const file = path.isAbsolute(program) ? program : path.join(PROGRAMS, program)
  return new Promise((resolve, reject) => {
    const [command, ...rest] = [...prefix, process.execPath, ...nodeArgs, file, ...args]
    execFile(command, rest, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024
    }, (error, stdout, stderr) => {
      if (error?.killed) {
        reject(new Error(`${program} passed its deadline of ${deadlineMs} ms\n${stdout}\n${stderr}`))
        return
      }
      resolve({ code: error ? error.code ?? null : 0, signal: error?.signal ?? null, stdout, stderr, json: lastJson(stdout) })
    })
  })
}

/** As `run`, and the program must end well: its JSON. */
async function result (program, options) {
  const ended = await run(program, options)
  if (ended.code !== 0) {
    throw new Error(`${program} ended with code ${ended.code}, signal ${ended.signal}\n${ended.stdout}\n${ended.stderr}`)
  }
  return ended.json
}

function lastJson (stdout) {
  const line = stdout.trimEnd().split('\n').pop()
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

module.exports = { run, runIn, result }
