'use strict'

// What is changed around a process, and taken back: its memory group, a setting of the kernel, its file.

const { execFileSync, spawn } = require('node:child_process')
const { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { MemoryGroup } = require('../memory-group')
const { Skipped } = require('../steps')

const MB = 1048576

/** A wrapping command; what ends in .py lies beside this file. */
function lines (...words) {
  return words.map((word) => word.endsWith('.py') ? path.join(__dirname, word) : word)
}

/** Takes so many MB at once, faster than anybody looks, gives them back, and begins again. */
const HOG = `
  const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  for (;;) {
    sleep(1500)
    Buffer.alloc(Number(process.argv[1]) * 1048576, 1)
    sleep(300)
    gc()
  }`

/** A memory group with a limit for the time of a condition. */
class Group {
  #group
  #hog

  /**
   * @param {number} limitMb
   * @param {number} [hogMb] what another process of the group fills again and again
   * @returns {(binary: string) => Group}
   */
  static of (limitMb, hogMb) {
    return (binary) => new Group(limitMb, hogMb, binary)
  }

  constructor (limitMb, hogMb, binary) {
    this.#group = new MemoryGroup()
    this.#group.limit(limitMb * MB)
    this.wrap = this.#group.wrap
    if (hogMb !== undefined) {
      const [command, ...args] = [...this.wrap, binary, '--expose-gc', '-e', HOG, String(hogMb)]
      this.#hog = spawn(command, args, { stdio: 'ignore' })
    }
  }

  /** How many of its processes the kernel's OOM killer has ended. */
  get kills () {
    return this.#group.oomKills
  }

  undo () {
    this.#hog?.kill('SIGKILL')
    this.#group.remove()
  }
}

/** A file of the kernel that is written for the time of a condition. */
function setting (file, value, before) {
  return () => {
    const [, old] = before.exec(readFileSync(file, 'utf8'))
    const undo = () => {
      process.off('exit', undo)
      writeFileSync(file, old)
    }
    try {
      writeFileSync(file, value)
    } catch (error) {
      throw new Skipped(`${file} cannot be written: ${error.message}`)
    }
    process.once('exit', undo)
    return { undo }
  }
}

/** The same Node.js as a file that may bind low ports: the kernel hides what such processes have in /proc. */
function withCapability (binary) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-capability-'))
  const copy = path.join(folder, 'node')
  chmodSync(folder, 0o755)
  copyFileSync(binary, copy)
  const undo = () => rmSync(folder, { recursive: true })
  try {
    execFileSync('setcap', ['cap_net_bind_service=+ep', copy])
  } catch (error) {
    undo()
    throw new Skipped(`setcap: ${error.message}`)
  }
  return { binary: copy, undo }
}

module.exports = { Group, lines, setting, withCapability }
