'use strict'

const { constants } = require('node:os')
const { readProcess, hasMapped } = require('./proc')

const ADDON = /^tidemark\.[\w-]+\.node$/

/**
 * Most signals end a process that does not catch them. So before one is sent: the process is there,
 * ours to signal, has tidemark, and catches it.
 * @param {number} pid
 * @param {string} signal its name
 * @returns {{name: string, inner: number, uid: number, startedAt: string}} the process
 * @throws a sentence that says what is wrong and what to do
 */
function prove (pid, signal) {
  const running = readProcess(pid)
  if (running === undefined) throw new Error(`There is no process ${pid}.`)
  const { name, leader, state, uid } = running
  const who = `Process ${pid} (${name})`
  if (leader !== pid) throw new Error(`${pid} is a thread of process ${leader}: use --pid ${leader}.`)
  if (state === 'Z' || state === 'X') throw new Error(`${who} has ended; its parent has not heard of it yet.`)
  if (!isOurs(pid)) throw new Error(`${who} belongs to user ${uid}, and this command may not signal it. Run it as that user or as root.`)
  if (state === 'T' || state === 't') throw new Error(`${who} is stopped and hears nothing. Let it go on first: kill -s CONT ${pid}`)
  if (!hasAddon(pid, who)) {
    throw new Error(`${who} has not loaded tidemark. Nothing was sent: ${signal} might end it. ${advice(signal)}`)
  }
  if (!running.catches(constants.signals[signal])) {
    throw new Error(`${who} has loaded tidemark and does not listen to ${signal}. Nothing was sent: it might end it. ${advice(signal)}`)
  }
  return running
}

function isOurs (pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (error.code === 'EPERM') return false
    throw error
  }
}

function hasAddon (pid, who) {
  try {
    return hasMapped(pid, ADDON)
  } catch (cause) {
    if (cause.code !== 'EACCES' && cause.code !== 'EPERM') throw cause
    throw new Error(`${who} may not be looked into (${cause.code}): ${lack()}`, { cause })
  }
}

/** In a container root is not almighty. */
function lack () {
  if (process.geteuid?.() !== 0) return 'it has rights that this command lacks. Run it as root.'
  return 'even root needs the capability CAP_SYS_PTRACE for it, which containers take away. Start the container with it: docker run --cap-add SYS_PTRACE'
}

function advice (signal) {
  return `Start the app with \`tidemark.start({ signal: '${signal}' })\`, or with TIDEMARK_SIGNAL=${signal} where tidemark/register is preloaded.`
}

module.exports = { prove }
