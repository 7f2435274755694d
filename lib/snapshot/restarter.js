'use strict'

const { readFileSync } = require('node:fs')

/** nodemon may start the app by a shell. */
const ANCESTORS = 2

/** What a command line says of the signal that restarts the app. */
/** @type {[pattern: RegExp, restarts: {by: string, signal?: string}][]} */
const RESTARTERS = [
  [/(?:^|[ \\/])nodemon(?:\.js)?(?: |$)/, { by: 'nodemon', signal: 'SIGUSR2' }],
  [/ --watch-kill-signal[ =](SIG\w+)/, { by: 'node --watch' }]
]

/**
 * What restarts this process when its files change, and by which signal: who takes that signal away is not restarted any more.
 * @param {(pid: number) => {command: string, parent: number} | undefined} [look] at a process
 * @returns {{by: string, signal: string} | undefined} undefined where there is nobody, or nobody says (Linux only)
 */
function restarter (look = processOf) {
  for (let pid = process.ppid, i = 0; i < ANCESTORS; i++) {
    const found = look(pid)
    if (found === undefined) return undefined
    for (const [pattern, restarts] of RESTARTERS) {
      const match = pattern.exec(found.command)
      if (match !== null) return { by: restarts.by, signal: restarts.signal ?? match[1] }
    }
    pid = found.parent
  }
  return undefined
}

function processOf (pid) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    // The name in parentheses may hold anything.
    const parent = Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop()?.split(' ')[1])
    return { command, parent }
  } catch {
    return undefined
  }
}

module.exports = { restarter }
