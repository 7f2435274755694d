'use strict'

const { spawn } = require('node:child_process')
const { clearTimeout, setTimeout } = require('node:timers')
const { messageOf } = require('./errors')
const { plain } = require('./plain')

/**
 * Runs a command of the user, without a shell. It may outlive this process, and does not keep it alive.
 * @param {string[]} command the program and its arguments
 * @param {{timeoutMs: number, input?: string}} how after `timeoutMs` it is ended with all that it has started; input: what
 *   it reads
 * @returns {Promise<string | undefined>} what went wrong, in words that go on from the name of the program
 */
function runCommand ([program, ...args], { timeoutMs, input }) {
  return new Promise((resolve) => {
    const notStarted = (error) => resolve(`cannot be started: ${plain(messageOf(error))}`)
    let child
    try {
      child = spawn(program, args, { detached: true, stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'], windowsHide: true })
    } catch (error) {
      notStarted(error)
      return
    }
    const timer = setTimeout(() => {
      killGroup(child)
      resolve(`was ended after ${timeoutMs} ms`)
    }, timeoutMs)
    timer.unref?.()
    child.unref()
    child.once('error', (error) => {
      clearTimeout(timer)
      notStarted(error)
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(code === 0 ? undefined : signal === null ? `ended with code ${code}` : `ended by ${signal}`)
    })
    // There is none where no descriptor was left.
    child.stdin?.on('error', () => {}) // a program that does not read
    child.stdin?.end(input)
    child.stdin?.unref?.()
  })
}

/** With what it has started. */
function killGroup ({ pid }) {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended a moment ago.
  }
}

module.exports = { runCommand }
