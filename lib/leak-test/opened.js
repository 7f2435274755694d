'use strict'

const { createHook } = require('node:async_hooks')
const path = require('node:path')
const { applicationFrame, parseStack } = require('../evidence/app-frame')
const { isOwnFile } = require('../evidence/own-files')
const { openFiles } = require('../open-files')

/**
 * By type as it is counted: what it is to a person, one and many, and what ends it. A type that stands before another
 * may be why that one is open too: it is told alone.
 */
const KINDS = {
  ProcessWrap: ['child process', 'child processes', 'child.kill(), or wait for its end'],
  Thread: ['worker thread', 'worker threads', 'worker.terminate()'],
  TCPServerWrap: ['server', 'servers', 'server.close()'],
  PipeServerWrap: ['server on a pipe', 'servers on pipes', 'server.close()'],
  TLSWrap: ['TLS socket', 'TLS sockets', 'socket.destroy()'],
  TCPSocketWrap: ['socket', 'sockets', 'socket.destroy(), or response.resume() of a response that nobody reads'],
  TCPWrap: ['socket', 'sockets', 'socket.destroy()'],
  PipeWrap: ['pipe', 'pipes', 'destroy() of its stream'],
  UDPWrap: ['UDP socket', 'UDP sockets', 'socket.close()'],
  FSEventWrap: ['file watcher', 'file watchers', 'watcher.close()'],
  StatWatcher: ['file watcher', 'file watchers', 'fs.unwatchFile()'],
  MessagePort: ['MessagePort', 'MessagePorts', 'port.close()'],
  SignalWrap: ['signal listener', 'signal listeners', 'process.off()'],
  TTYWrap: ['terminal stream', 'terminal streams', 'destroy() of its stream'],
  Timeout: ['timer', 'timers', 'clearTimeout() or clearInterval()'],
  OpenFile: ['file', 'files', 'close() of its file handle, or fs.closeSync()']
}
/** Of what is told, what it opens besides. */
const BRINGS = {
  ProcessWrap: ['PipeWrap', 'OpenFile'],
  Thread: ['MessagePort', 'OpenFile'],
  FSEventWrap: ['OpenFile'],
  UDPWrap: ['OpenFile']
}

/** How async_hooks calls it, where not alike. */
const HOOKED_AS = { Thread: 'worker', TCPSocketWrap: 'tcpwrap' }

/** Frames that are kept of a stack, beside those of Node.js. */
const STACK = 30

/**
 * Notes what is opened during the work, with the stack: who opened what stays open.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<{result: T, opened: InstanceType<typeof Opened>}>}
 */
async function whileNoting (work) {
  const opened = noting()
  try {
    return { result: await work(), opened }
  } finally {
    opened.end()
  }
}

/** @returns {InstanceType<typeof Opened>} that has begun */
function noting () {
  const opened = new Opened()
  opened.begin()
  return opened
}

/** By async id. */
class Opened {
  #resources = new Map()
  #filesBefore = new Map(openFiles())
  #hook = createHook({
    init: (id, type, trigger, resource) => this.#note(id, type, resource),
    destroy: (id) => { this.#resources.delete(id) }
  })

  begin () {
    this.#hook.enable()
  }

  end () {
    this.#hook.disable()
  }

  #note (id, type, resource) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = STACK
    const holder = {}
    Error.captureStackTrace(holder)
    Error.stackTraceLimit = limit
    this.#resources.set(id, { type: type.toLowerCase(), resource: new WeakRef(resource), holder })
  }

  /**
   * @param {string} type as Node.js lists active resources
   * @param {number} count how many stayed open
   * @param {number} calls in which they were opened
   * @returns {LeftOpen}
   */
  describe (type, count, calls) {
    if (type === 'OpenFile') return describeLeft(type, count, calls, { detail: this.files.at(-1) ?? null })
    const found = [...this.#resources.values()].filter((each) => each.type === (HOOKED_AS[type] ?? type.toLowerCase()) && !isOurs(each.holder)).at(-1)
    if (found === undefined) return describeLeft(type, count, calls)
    return describeLeft(type, count, calls, {
      detail: portOf(found.resource.deref()),
      location: applicationFrame(parseStack(String(found.holder.stack)))
    })
  }

  /** Names of the files that were opened and are not closed, the last one last. */
  get files () {
    return openFiles().filter(([descriptor, name]) => this.#filesBefore.get(descriptor) !== name).map(([, name]) => path.basename(name))
  }
}

/** A timer of the test itself. */
function isOurs ({ stack }) {
  const [frame] = parseStack(String(stack)).filter(({ file }) => !file.startsWith('node:') && file !== __filename)
  return frame !== undefined && isOwnFile(frame.file)
}

/** Without what others bring with them. @param {string[]} types @returns {string[]} what says most first */
function told (types) {
  const order = Object.keys(KINDS)
  const place = (type) => order.includes(type) ? order.indexOf(type) : order.length
  return types
    .filter((type) => !types.some((other) => BRINGS[other]?.includes(type)))
    .sort((one, other) => place(one) - place(other))
}

/**
 * @param {string} type
 * @param {number} count
 * @param {number} calls
 * @param {{detail?: string | null, location?: LeftOpen['location']}} [found]
 * @returns {LeftOpen}
 */
function describeLeft (type, count, calls, { detail = null, location = null } = {}) {
  const [one, many, remedy] = KINDS[type] ?? [`resource of the type ${type}`, `resources of the type ${type}`, 'what closes it']
  return { type, what: count === 1 ? one : many, count, calls, remedy, detail, location }
}

/** @typedef {{type: string, what: string, count: number, calls: number, remedy: string, detail: string | null, location: import('../evidence/suspect').Location | null}} LeftOpen */

function portOf (handle) {
  try {
    const address = {}
    handle?.getsockname?.(address)
    return address.port > 0 ? `port ${address.port}` : null
  } catch {
    return null
  }
}

module.exports = { describeLeft, noting, told, whileNoting }
