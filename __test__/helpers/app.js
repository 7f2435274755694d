'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')

const DEADLINE_MS = 110000

/**
 * Starts a program of `__test__/programs` that serves and says `port N`; it ends with the test.
 * @param {import('node:test').TestContext} t
 * @param {string} program
 * @param {object} [env]
 * @param {string} [cwd]
 * @returns {Promise<{port: number, child: import('node:child_process').ChildProcess, ended: Promise<number | null>}>}
 */
async function openApp (t, program, env = {}, cwd) {
  const child = spawn(process.execPath, [path.join(__dirname, '..', 'programs', program)], {
    env: { ...process.env, NODE_OPTIONS: '', ...env }, cwd, stdio: ['ignore', 'pipe', 'inherit'], timeout: DEADLINE_MS, killSignal: 'SIGKILL'
  })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  t.after(() => child.kill('SIGKILL'))
  const port = await new Promise((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk
      const [, port] = /port (\d+)/.exec(said) ?? []
      if (port !== undefined) resolve(Number(port))
    })
    ended.then(() => reject(new Error(`${program} ended before it served: ${said}`)))
  })
  return { port, child, ended }
}

module.exports = { openApp }
