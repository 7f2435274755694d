'use strict'

const { spawn } = require('node:child_process')
const { clearTimeout, setTimeout } = require('node:timers')
const { messageOf } = require('../errors')
const { DeliveryError } = require('./outbox')

/**
 * A program of the user, without a shell; the message comes as one line of JSON on its standard input.
 * @param {string[]} command the program and its arguments
 * @param {number} timeoutMs
 * @param {object} message
 * @returns {Promise<void>}
 */
function runCommand ([program, ...args], timeoutMs, message) {
  return new Promise((resolve, reject) => {
    const failed = (text, cause) => reject(new DeliveryError(text, { mayPass: false, cause }))
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      failed(`it was ended after ${timeoutMs} ms`)
    }, timeoutMs)
    timer.unref?.()
    child.unref()
    child.once('error', (error) => {
      clearTimeout(timer)
      failed(messageOf(error), error)
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve()
      else failed(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`)
    })
    const stdin = /** @type {import('node:net').Socket} */ (child.stdin)
    // A program that does not read.
    stdin.on('error', () => {})
    stdin.unref?.()
    stdin.end(`${JSON.stringify(message)}\n`)
  })
}

module.exports = { runCommand }
