'use strict'

const { accessSync, constants } = require('node:fs')
const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { isMainThread } = require('node:worker_threads')
const { createError } = require('../errors')
const format = require('../format')
const { SnapshotFile } = require('./file')
const { headroom } = require('./guard')
const { needOf, objectsFor } = require('./need')
const { unproved } = require('./proved')
const { errnoName, signalName } = require('./words')

/** A fork that finds a lock held by a thread that the child does not have makes the child wait for ever. */
const TRIES = 3

/**
 * V8's worker threads may have other work for longer than they are waited for. While some are parked,
 * allocation is slower: so they are asked for a short time, and then left alone for a longer one.
 */
const PARKING_TRIES = 5
const PARKING_PAUSE_MS = 250

/** Looks in a row at a child that waits and uses no processor, after which it is given up: 3 seconds. */
const LOOK_MS = 100
const LOOKS_WITHOUT_PROGRESS = 30

/** What of the reserve must be there at any time: an app may fill a good part of it between two looks. */
const FLOOR = 0.75

/** Where the caller takes the risk the child still gives up before the kernel has to end somebody. */
const FLOOR_BY_FORCE = 16 * 1048576

/** A child that gets less of a processor than this hardly gets on. */
const STARVED_SHARE = 0.2

const PARKING_LOOK_MS = 2

/** The child's own clock ends it when the parent cannot: later than the parent would. */
const SLACK_SECONDS = 10

/** @returns {Error | undefined} why this process does not capture by fork */
function forkObstacle (binding, options) {
  if (!isMainThread) {
    return refusal('worker-thread', 'a worker thread cannot be captured by fork. Call it on the main thread, or ask for `method: \'in-process\'`')
  }
  const advice = 'Ask for `method: \'in-process\'`, which stops the process for as long as it takes'
  const doubt = options.force ? undefined : unproved()
  if (doubt !== undefined) return refusal('unproved', `capture by fork: ${doubt}. ${advice}`)
  const obstacle = procObstacle() ?? binding.captureObstacle()
  if (obstacle) return refusal('unsupported', `capture by fork: ${obstacle}. ${advice}`)
  return undefined
}

/** The child must be able to say that it is the first to be killed. */
function procObstacle () {
  try {
    accessSync('/proc/self/oom_score_adj', constants.W_OK)
  } catch ({ code }) {
    if (code === 'ENOENT') return '/proc is not mounted'
    if (code === 'EROFS') return '/proc is read-only'
    if (code === 'EACCES') return 'the process may not write its own /proc/self/oom_score_adj, as after process.setuid(), or where its program has capabilities'
  }
  return undefined
}

/** The main thread stops for the fork; a child writes the file. */
async function captureByFork (order) {
  const triesLeft = { stalled: TRIES, 'workers-busy': PARKING_TRIES }
  for (let attempts = 1; ; attempts++) {
    try {
      return { method: 'fork', ...await attempt(order), attempts }
    } catch (error) {
      const { reason } = error
      if (!(--triesLeft[reason] > 0) || performance.now() > order.deadline) throw error
      if (reason === 'workers-busy') {
        await wait(PARKING_PAUSE_MS * 2 ** (PARKING_TRIES - triesLeft[reason] - 1), undefined, { ref: order.ref, signal: order.options.signal })
      }
    }
  }
}

async function attempt (order) {
  const file = await SnapshotFile.create(order.folder, order.binding.nameFile)
  let child
  try {
    child = new Child(order, file)
    const pauseMs = await child.fork()
    await child.end()
    return { pauseMs, ...await order.finish(file) }
  } catch (error) {
    await file.discard()
    throw error
  } finally {
    child?.close()
  }
}

/** From the parking of V8's workers to the end of the child. */
class Child {
  #capture
  #order
  #file
  /** Bytes that the child may use. */
  #budget
  /** Bytes that must be left meanwhile. */
  #floor
  #forkedAt
  #cpuMs = 0
  #atExit = () => this.#capture.close()

  constructor (order, file) {
    this.#order = order
    this.#file = file
    try {
      this.#capture = new order.binding.ForkCapture()
    } catch (cause) {
      throw refusal('unsupported', `capture by fork: ${cause.message}`, { cause })
    }
    // By process.exit(), while V8's workers are parked: it would wait for them.
    process.once('exit', this.#atExit)
  }

  async fork () {
    for (let ready = this.#capture.ready(); ready !== true; ready = this.#capture.ready()) {
      if (ready === null || ready === undefined) {
        throw refusal('workers-busy', 'V8\'s worker threads had other work each time they were asked to wait. Try again later')
      }
      this.#checkPatience()
      // Keeps the process alive: one that ends by itself waits for the workers before its 'exit' event.
      await wait(PARKING_LOOK_MS)
    }
    const { heap, fileInMemory } = this.#order.memory
    const { bytes, reserve, floor } = this.#headroomNow()
    this.#floor = floor
    this.#budget = Math.min(Math.max(0, bytes - reserve - fileInMemory), Number.MAX_SAFE_INTEGER)
    try {
      const pauseMs = this.#capture.fork({
        file: this.#file.descriptor,
        memory: this.#budget,
        floor,
        objects: this.#order.options.force ? Number.MAX_SAFE_INTEGER : objectsFor(heap, this.#budget),
        seconds: Math.ceil((this.#order.deadline - performance.now()) / 1000) + SLACK_SECONDS,
        redact: this.#order.options.redact
      })
      this.#forkedAt = performance.now()
      return pauseMs
    } catch (cause) {
      throw refusal('fork', `${cause.message}. Try again later, or ask for \`method: 'in-process'\``, { cause })
    }
  }

  /**
   * At the moment of the fork. What the app took while it was watched it will take again, and one that
   * takes much at once may take more.
   */
  #headroomNow () {
    const { need, reserve } = this.#order.memory
    const { memoryLimit, force } = this.#order.options
    const { bytes, where } = headroom(this.#order.binding, { memoryLimit })
    const { least, most } = this.#capture.observed() ?? { least: bytes, most: bytes }
    const now = { bytes: Math.min(bytes, least), reserve: Math.max(reserve, (most - least) / 2) }
    if (force) return { ...now, floor: FLOOR_BY_FORCE }
    if (need + now.reserve > now.bytes) {
      const error = refusal('memory', `it would need at least ${format.bytes(need)} (and ${format.bytes(now.reserve)} for the app meanwhile), and ` +
        `${format.bytes(now.bytes)} are left ${where} when the app uses the most. Give the process more memory, or take the risk with \`force: true\``)
      throw Object.assign(error, { need: need + now.reserve, available: now.bytes })
    }
    return { ...now, floor: now.reserve * FLOOR }
  }

  /** Until the child has written the last byte and is gone. */
  async end () {
    let cpuMs = -1
    let written = -1
    let stuck = 0
    for (;;) {
      const look = this.#capture.look()
      if (look.ended) {
        this.#checkEnd(look)
        return
      }
      this.#cpuMs = look.cpuMs
      this.#checkPatience()
      this.#checkHeadroom()
      const progress = !look.sleeps || look.cpuMs !== cpuMs || look.written !== written
      stuck = progress ? 0 : stuck + 1
      if (stuck > LOOKS_WITHOUT_PROGRESS) {
        throw failure('stalled', `the child hung while ${look.phase}`)
      }
      ({ cpuMs, written } = look)
      await wait(LOOK_MS, undefined, { ref: this.#order.ref })
    }
  }

  close () {
    process.off('exit', this.#atExit)
    this.#capture.close()
  }

  #checkPatience () {
    this.#order.options.signal?.throwIfAborted()
    if (performance.now() > this.#order.deadline) {
      throw failure('timeout', `it took longer than the ${this.#order.options.timeoutMs} ms of \`timeoutMs\`${this.#starved()}`)
    }
  }

  /** The child has the lowest priority. */
  #starved () {
    const share = this.#cpuMs / (performance.now() - this.#forkedAt)
    if (!(share < STARVED_SHARE)) return ''
    return `: the child, which has the lowest priority, got ${Math.round(share * 100)} % of a processor, since the machine has other processes to run`
  }

  #checkHeadroom () {
    const { bytes, where } = headroom(this.#order.binding, this.#order.options, true)
    if (bytes < this.#floor) {
      throw failure('memory', `the child was ended when ${format.bytes(bytes)} were left ${where}`)
    }
  }

  #checkEnd ({ phase, exitCode, signal, failed, errno, written, objects, left }) {
    if (failed === 'counting the objects') {
      const need = needOf(this.#order.memory.heap, objects)
      const error = refusal('memory', `${objects} objects would need about ${format.bytes(need)}, and ${format.bytes(this.#budget)} can be spared. ` +
        'Give the process more memory, or take the risk with `force: true`')
      throw Object.assign(error, { need, available: this.#budget })
    }
    if (failed === 'looking after the memory that is left') {
      throw failure('memory', `the child gave up when ${format.bytes(left)} of memory were left, after ${format.bytes(written)} of the file`)
    }
    if (failed === 'looking at the clock') throw failure('timeout', `the child's time was over${this.#starved()}`)
    if (failed) {
      const why = errno ? ` (${errnoName(errno)})` : ''
      throw failure(failed === 'writing' ? 'write' : 'child', `the child gave up at ${failed}${why}, after ${format.bytes(written)}`)
    }
    if (phase === 'done') return
    if (signal === undefined || signal === null) throw failure('child', `the child ended with code ${exitCode} while ${phase}`)
    const name = signalName(signal)
    // V8's way to say that it got no more memory: abort, or a trap.
    if (['SIGABRT', 'SIGTRAP', 'SIGILL'].includes(name)) {
      const need = objects > 0 ? ` about ${format.bytes(needOf(this.#order.memory.heap, objects))}, which is` : ''
      throw failure('child', `the child ended by ${name} while ${phase}: most likely it needed${need} more than the ${format.bytes(this.#budget)} of memory that can be spared`)
    }
    throw failure('killed', `the child was ended by ${name} while ${phase}`)
  }
}

function refusal (reason, sentence, options) {
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', [reason, sentence], options)
}

function failure (reason, sentence) {
  return createError('ERR_TIDEMARK_SNAPSHOT_FAILED', [reason, sentence])
}

module.exports = { captureByFork, forkObstacle }
