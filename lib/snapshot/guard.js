'use strict'

const { closeSync, openSync } = require('node:fs')
const fs = require('node:fs/promises')
const { devNull, freemem } = require('node:os')
const { createError } = require('../errors')
const format = require('../format')
const { refusingWithout } = require('../spare-descriptor')
const { leastNeed, readHeap, worstNeed } = require('./need')

/** Bytes of file for each byte of used heap; measured 0.1 (numbers) to 3.4 (pointers), objects 1.7 to 2.2. */
const FILE_PER_BYTE = 2.2

/** What has to be left for the app while the snapshot is taken: it goes on to allocate. */
const RESERVE_PER_BYTE = 0.25
const RESERVE_AT_LEAST = 64 * 1024 * 1024

/** tmpfs and ramfs, as statfs tells them. */
const IN_MEMORY = [0x01021994, 0x858458f6]

/**
 * Too little memory is a refusal with both numbers, since the kernel kills the whole container
 * where memory.oom.group is set, as Kubernetes does.
 *
 * By fork it refuses only what cannot be, since the child counts the objects and gives up when it sees
 * that they need more than it may use. In the process a need that is too great ends the app.
 *
 * @param {typeof import('../../binding')} binding
 * @param {{memoryLimit?: number, force?: boolean}} options
 * @param {{forks: boolean, parses?: boolean, fileInMemory: boolean}} how parses: whether the text is read in the process;
 *   fileInMemory: whether the file, too, takes memory
 * @returns {{heap: {used: number, large: number}, need: number, reserve: number, available: number, fileSize: number, fileInMemory: number}} bytes
 */
function checkMemory (binding, options, { forks, parses, fileInMemory }) {
  // Without one nobody can tell what is left.
  refusingWithout(() => closeSync(openSync(devNull, 'r')))
  const heap = readHeap()
  const { used: usedHeapSize } = heap
  const fileSize = fileSizeOf(usedHeapSize)
  const inMemory = fileInMemory ? fileSize : 0
  const need = (forks ? leastNeed(heap) : worstNeed(heap, parses)) + inMemory
  const reserve = reserveFor(usedHeapSize)
  const { bytes: available, where } = headroom(binding, options, !forks)
  if (need + reserve > available && !options.force) {
    const error = createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', ['memory',
      `it ${forks ? 'would need at least' : 'may need'} ${format.bytes(need)} (and ${format.bytes(reserve)} for the app meanwhile) for ` +
      `${format.bytes(usedHeapSize)} of used heap, and ${format.bytes(available)} are left ${where}. ` +
      'Give the process more memory, or take the risk with `force: true`'])
    throw Object.assign(error, { need: need + reserve, available })
  }
  return { heap, need, reserve, available, fileSize, fileInMemory: inMemory }
}

function fileSizeOf (usedHeapSize) {
  return Math.round(usedHeapSize * FILE_PER_BYTE)
}

function reserveFor (usedHeapSize) {
  return Math.max(RESERVE_AT_LEAST, Math.round(usedHeapSize * RESERVE_PER_BYTE))
}

/**
 * What is left before something ends the process: the native side decides.
 * @param {typeof import('../../binding')} binding
 * @param {{memoryLimit?: number}} options
 * @param {boolean} [forked] no fork is to come that would claim the process's memory once more
 * @returns {{bytes: number, where: string}}
 */
function headroom (binding, { memoryLimit }, forked = false) {
  const left = binding.memoryHeadroom(memoryLimit, !forked)
  if (left) return { bytes: left.bytes, where: left.place }
  // Without /proc, Linux still tells what is free.
  return process.platform === 'linux' ? { bytes: freemem(), where: 'on the machine' } : { bytes: Infinity, where: '' }
}

/**
 * Whether memory for work on snapshots is left that were taken.
 * @param {number} need bytes
 */
function checkHeadroom (binding, options, need) {
  const { bytes: available, where } = headroom(binding, options, true)
  if (need <= available) return
  const error = createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', ['memory',
    `to analyse it would need about ${format.bytes(need)}, and ${format.bytes(available)} are left ${where}. Give the process more memory`])
  throw Object.assign(error, { need, available })
}

/** Whether a file there takes memory of the machine, and of the control group: /dev/shm, a volume of `medium: Memory`. */
async function isInMemory (folder) {
  if (typeof fs.statfs !== 'function') return false
  return IN_MEMORY.includes((await fs.statfs(folder)).type)
}

/** Node.js 18.15 on; before, a full disk shows when it is written to. */
async function checkDisk (folder, fileSize) {
  if (typeof fs.statfs !== 'function') return
  const { bavail, bsize } = await fs.statfs(folder)
  const available = bavail * bsize
  if (fileSize > available) {
    const error = createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', ['disk',
      `the file would have about ${format.bytes(fileSize)}, and ${format.bytes(available)} are left on the disk of '${folder}'. ` +
      'Name a path on another one'])
    throw Object.assign(error, { need: fileSize, available })
  }
}

module.exports = { checkMemory, checkHeadroom, checkDisk, fileSizeOf, headroom, isInMemory, reserveFor }
