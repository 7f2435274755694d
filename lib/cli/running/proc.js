'use strict'

const fs = require('node:fs')

/** Field 22 of `/proc/PID/stat`, counted from behind the name, which may hold anything. */
const STARTED_AT = 19

/**
 * What Linux says of a process.
 * @param {number} pid
 * @returns {{name: string, state: string, leader: number, inner: number, uid: number, catches: (signal: number) => boolean, startedAt: string} | undefined}
 *   inner: its number as it knows it itself, in a container; uid: the user that it acts as;
 *   startedAt: distinguishes it from a later one with its number; undefined where there is none
 */
function readProcess (pid) {
  try {
    const field = fieldsOf(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    const caught = BigInt(`0x${field('SigCgt')}`)
    return {
      name: field('Name'),
      state: field('State')[0],
      leader: Number(field('Tgid')),
      // Before Linux 4.1 it is not told.
      inner: Number(field('NSpid').split(/\s+/).pop() || pid),
      uid: Number(field('Uid').split(/\s+/)[1]),
      catches: (signal) => (caught >> BigInt(signal - 1) & 1n) === 1n,
      startedAt: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED_AT]
    }
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}

function fieldsOf (status) {
  return (name) => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1] ?? ''
}

/** Whether a file of such a name is in its memory, also one that was deleted since, as an update does. */
function hasMapped (pid, name) {
  return fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')
    .some((line) => name.test(line.replace(/ \(deleted\)$/, '').split('/').pop()))
}

/** Whether paths mean to it what they mean to us. */
function sharesFiles (pid) {
  const view = (whose) => {
    const { dev, ino } = fs.statSync(`/proc/${whose}/root`)
    return `${fs.readlinkSync(`/proc/${whose}/ns/mnt`)} ${dev} ${ino}`
  }
  return view(pid) === view('self')
}

module.exports = { readProcess, hasMapped, sharesFiles }
