'use strict'

const { constants } = require('node:fs')
const fs = require('node:fs/promises')
const path = require('node:path')
const { threadId } = require('node:worker_threads')
const { messageOf } = require('./errors')
const { plain } = require('./plain')
const { followLeaks } = require('./publish')

/** Kubernetes shows twice as much, and others may write there too. */
const MOST_BYTES = 2048

/** What stands for a mark may be so much longer. */
const ROOM_FOR_MARKS = 200

/** In place: the file is a bind mount, which cannot be replaced, and who makes one of that name writes to nobody. */
const IN_PLACE = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** How each of our texts begins. In a worker thread it may be of a thread that Node.js has ended since. */
const OWN = `tidemark: process ${process.pid}${threadId === 0 ? '' : `, thread ${threadId},`}`

/**
 * Keeps the reason for an end that may come where Kubernetes shows it: in the container's termination
 * message. Empty while all is well.
 */
class TerminationLog {
  #file
  #monitor
  #unfollow = () => {}
  /** @type {import('..').Health & {channel: string} | null} */
  #health = null
  /** What was reported last of each channel that leaks. */
  #leaks = new Map()
  /** What we wrote last: what another process wrote is left alone. */
  #written = ''
  #wanted = ''
  /** @type {Promise<void> | null} */
  #turn = null
  #problem

  /**
   * @param {string} file
   * @param {object} monitor
   */
  constructor (file, monitor) {
    this.#file = file
    this.#monitor = monitor
  }

  get problems () {
    return this.#problem === undefined ? [] : [`\`terminationLog\`: ${this.#problem}`]
  }

  start () {
    this.#unfollow = followLeaks(this.#monitor, (chapter, details) => this.#follow(chapter, details))
    // Whether there is such a file is said before it is needed.
    this.#write()
  }

  stop () {
    this.#unfollow()
  }

  /** What is written when V8's heap is full. @param {{sentence: string}} marks of that moment */
  lastWords ({ sentence }) {
    const room = MOST_BYTES - ROOM_FOR_MARKS
    return [{ path: path.resolve(this.#file), text: text({ state: 'critical', reason: sentence }, this.#leakOf('heap'), room), inPlace: true }]
  }

  #follow (chapter, details) {
    if (chapter === 'health') this.#health = details
    else if (chapter === 'reported' || chapter === 'evidence') this.#leaks.set(details.channel, details)
    else if (chapter === 'recovered') this.#leaks.delete(details.channel)
    else return
    this.#wanted = this.#health === null || this.#health.state === 'ok' ? '' : text(this.#health, this.#leakOf(this.#health.channel))
    this.#write()
  }

  /** The one of a channel, where there is one. */
  #leakOf (channel) {
    return this.#leaks.get(channel) ?? [...this.#leaks.values()].at(-1) ?? null
  }

  /** One write at a time, and of those that wait the last alone. */
  #write () {
    if (this.#turn !== null) return
    this.#turn = this.#put(this.#wanted).then((wanted) => {
      this.#turn = null
      if (this.#wanted !== wanted) this.#write()
    })
  }

  async #put (wanted) {
    try {
      const file = await fs.open(this.#file, IN_PLACE)
      try {
        if (!(await file.stat()).isFile()) throw new Error('it is not a file')
        await this.#replace(file, Buffer.from(wanted))
        this.#problem = undefined
      } finally {
        await file.close()
      }
    } catch (error) {
      this.#problem = `'${plain(this.#file)}' cannot be written: ${error.code === 'ENOENT' ? 'there is no such file' : plain(messageOf(error))}.`
    }
    return wanted
  }

  async #replace (file, data) {
    const before = await file.readFile('utf8')
    // At V8's limit a thread of ours may have written meanwhile, for any thread of this process.
    const isOurs = before === this.#written || before.startsWith(OWN)
    // A process that is well does not take away what another one of the container says.
    if (data.length === 0 && !isOurs) return
    if (data.length > 0) await file.write(data, 0, data.length, 0)
    await file.truncate(data.length)
    this.#written = data.toString()
  }
}

/** @returns {string} of no more bytes than there is room for */
function text ({ state, reason }, leak, room = MOST_BYTES) {
  const who = `${OWN} was ${state}.`
  const told = leak === null || typeof leak.message !== 'string' ? '' : ` ${leak.message}`
  const data = Buffer.from(`${plain(`${who} ${reason ?? ''}${told}`)}\n`)
  // Not in the middle of a character.
  return data.length <= room ? data.toString() : data.subarray(0, room).toString().replace(/\ufffd+$/, '')
}

module.exports = { MOST_BYTES, TerminationLog }
