'use strict'

const { execFileSync } = require('node:child_process')
const { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { Skipped } = require('./steps')

const ROOT_V1 = '/sys/fs/cgroup/memory'
const ROOT_V2 = '/sys/fs/cgroup'

/** How the two versions of control groups name the limit, and the file that counts `oom_kill`. */
const V1 = { root: ROOT_V1, limit: 'memory.limit_in_bytes', events: 'memory.oom_control' }
const V2 = { root: ROOT_V2, limit: 'memory.max', events: 'memory.events' }

let made = 0

/** A memory group of the kernel, of whichever version this machine has. */
class MemoryGroup {
  #version
  #folder

  /** @throws {Skipped} where none can be made, as without root */
  constructor () {
    this.#version = existsSync(path.join(V1.root, V1.limit)) ? V1 : V2
    this.#folder = path.join(this.#version.root, `tidemark-${process.pid}-${++made}`)
    try {
      mkdirSync(this.#folder)
      // Version 2 has the file only where the parent hands the memory controller down.
      readFileSync(path.join(this.#folder, this.#version.limit))
    } catch (error) {
      this.remove()
      throw new Skipped(`no memory group can be made here: ${error.message}`)
    }
  }

  /** The start of a command that enters the group and becomes what follows. */
  get wrap () {
    return ['sh', '-c', `echo $$ > ${this.#folder}/cgroup.procs && exec "$@"`, 'sh']
  }

  /** @param {number} bytes */
  limit (bytes) {
    writeFileSync(path.join(this.#folder, this.#version.limit), String(Math.round(bytes)))
  }

  /** How many processes of the group the kernel has killed for want of memory. */
  get oomKills () {
    const events = readFileSync(path.join(this.#folder, this.#version.events), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1])
  }

  remove () {
    for (let tries = 0; existsSync(this.#folder) && tries < 50; tries++) {
      try {
        rmdirSync(this.#folder)
      } catch {
        // The last process of the group has not gone yet.
        execFileSync('sleep', ['0.1'])
      }
    }
  }
}

module.exports = { MemoryGroup }
