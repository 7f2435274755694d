'use strict'

const { readFileSync } = require('node:fs')

/** On x86-64, the only place where it counts: elsewhere nothing forks. */
const PAGE = 4096

/** /proc/self/limits, and the field of /proc/self/statm that the kernel holds against it. */
const LIMITS = [
  { name: 'Max address space', field: 0, where: 'below the process\'s limit of address space (ulimit -v)' },
  { name: 'Max data size', field: 5, where: 'below the process\'s limit of data (ulimit -d)' }
]

/** The kernel's strict mode: what is claimed counts, not what is used. */
const STRICT = '2'

/**
 * What the kernel lets the process map, or a child that inherits its limits and its mappings.
 * @param {boolean} [forked] whether the child is there already
 * @param {(file: string) => string} [read] for tests
 * @returns {{bytes: number, where: string}[]}
 */
function kernelLimits (forked = false, read = readText) {
  const limits = read('/proc/self/limits')
  if (limits === undefined) return []
  const pages = read('/proc/self/statm')?.split(' ').map(Number) ?? []
  const own = LIMITS.map(({ name, field, where }) => {
    const limit = new RegExp(`^${name} +(\\d+)`, 'm').exec(limits)?.[1]
    return { bytes: limit === undefined ? undefined : Math.max(0, limit - pages[field] * PAGE), where }
  })
  return [...own, commitLimit(forked ? 0 : pages[5] * PAGE, read)].filter(({ bytes }) => bytes !== undefined)
}

/** @param {number} claim bytes that the fork alone will claim: its copy of what the process may write to */
function commitLimit (claim, read) {
  const where = 'to be claimed on the machine, where vm.overcommit_memory is 2 and a fork claims the memory of its process once more'
  if (read('/proc/sys/vm/overcommit_memory')?.trim() !== STRICT) return { bytes: undefined, where }
  const meminfo = read('/proc/meminfo') ?? ''
  const kilobytes = (name) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1])
  const bytes = (kilobytes('CommitLimit') - kilobytes('Committed_AS')) * 1024 - claim
  return { bytes: Number.isNaN(bytes) ? undefined : Math.max(0, bytes), where }
}

function readText (file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

module.exports = { kernelLimits }
