'use strict'

const { constants } = require('node:fs')
const fs = require('node:fs/promises')
const { messageOf } = require('../errors')
const { DeliveryError } = require('./outbox')

/** To the end of what is there. Not into a file that is linked to, and without waiting for who reads a pipe. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** One line of JSON a message. @param {string} file @param {object} message */
async function appendTo (file, message) {
  let handle
  try {
    handle = await fs.open(file, APPEND, 0o600)
    if (!(await handle.stat()).isFile()) throw new Error('it is not a file')
    await handle.write(`${JSON.stringify(message)}\n`)
  } catch (cause) {
    throw new DeliveryError(messageOf(cause), { mayPass: false, cause })
  } finally {
    await handle?.close()
  }
}

module.exports = { appendTo }
