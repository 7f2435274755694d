'use strict'

// Kills programs that record themselves at random moments and reads what is left: every file must be
// readable, and what the program knew a second before the kill must be in it.

const { spawn } = require('node:child_process')
const { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')

const PROGRAM = path.join(__dirname, '..', '__test__', 'programs', 'recorder-killed.js')

/** What is lost at the most, in milliseconds. */
const MOST_LOST_MS = 1000

/** The file has its name within this time after the start; before, there is nothing to read. */
const FIRST_MS = 1000

/** Programs run this long at the most after they have started. */
const LONGEST_MS = 3000

/** Of which kind the programs are, in turn. */
const WAYS = ['turns', 'blocks']

/**
 * @param {object} options
 * @param {number} options.kills
 * @param {number} [options.atOnce] programs at a time
 * @param {string} [options.folder] where the files go; one of its own by default
 * @returns {Promise<{kills: number, files: number, tooEarly: number, torn: number, collections: number, unreadable: string[], lostMs: number[]}>}
 */
async function killMany ({ kills, atOnce = 4, folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-kills-')) }) {
  const result = { kills, files: 0, tooEarly: 0, torn: 0, collections: 0, unreadable: [], lostMs: [] }
  let next = 0
  const worker = async () => {
    while (next < kills) {
      const number = next++
      const directory = path.join(folder, String(number))
      const killed = await killOne(directory, WAYS[number % WAYS.length])
      look(directory, killed, result)
      rmSync(directory, { recursive: true, force: true })
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, worker))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return result
}

async function killOne (directory, way) {
  const child = spawn(process.execPath, [PROGRAM, directory, way], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => { child.once('close', resolve) })
  let told = ''
  child.stdout.on('data', (text) => { told += text })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', (code) => reject(new Error(`the program ended with code ${code} before it had started`)))
  })
  const startedMs = Date.now()
  await sleep(Math.random() * LONGEST_MS)
  const killedMs = Date.now()
  child.kill('SIGKILL')
  await closed
  const collections = told.trimEnd().split('\n').map((line) => line.split(' ').map(Number))
  return { startedMs, killedMs, collections }
}

/**
 * @param {string} directory
 * @param {{startedMs: number, killedMs: number, collections: number[][]}} killed collections: time in milliseconds, and count
 * @param {Record<string, any>} result
 */
function look (directory, { startedMs, killedMs, collections }, result) {
  const ranMs = killedMs - startedMs
  const { readFlight } = require('../binding.js')
  const names = namesIn(directory).filter((name) => name.endsWith('.tidemark'))
  if (names.length === 0) {
    if (ranMs < FIRST_MS) result.tooEarly++
    else result.unreadable.push(`no file after ${ranMs} ms`)
    return
  }
  try {
    const { process: pulse, isolates, skipped, cut, identity } = JSON.parse(readFlight(path.join(directory, names[0])))
    result.files++
    result.torn += skipped
    if (cut || identity === null || pulse === null) throw new Error('it is not whole')
    const recorded = isolates[0]?.gc.major.count ?? 0
    // The oldest full GC that the process knew of and its file does not: the last may have ended in the moment of the kill.
    const [lostAtMs] = collections.find(([, count]) => count > recorded) ?? [killedMs]
    result.collections += recorded
    result.lostMs.push(killedMs - pulse.timeMs, killedMs - lostAtMs)
  } catch (error) {
    result.unreadable.push(error.message)
  }
}

function namesIn (directory) {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Keeps the disk of a folder busy until told to stop. */
function keepBusy (folder) {
  const child = spawn(process.execPath, [__filename, '--write', folder], { stdio: 'ignore' })
  return () => { child.kill('SIGKILL') }
}

function writeForEver (folder) {
  const file = openSync(path.join(folder, 'busy'), 'w', 0o600)
  const data = Buffer.alloc(4 << 20, 7)
  try {
    for (let at = 0; ; at = (at + data.length) % (256 << 20)) {
      writeSync(file, data, 0, data.length, at)
      fsyncSync(file)
    }
  } finally {
    closeSync(file)
  }
}

async function main () {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '500' }, 'at-once': { type: 'string', default: '6' }, busy: { type: 'boolean' }, folder: { type: 'string' }, write: { type: 'string' } } })
  if (values.write !== undefined) return writeForEver(values.write)
  await require('./setup').setup()
  const folder = mkdtempSync(path.join(values.folder ?? os.tmpdir(), 'tidemark-kills-'))
  const stops = values.busy ? [keepBusy(folder), keepBusy(folder)] : []
  try {
    const { lostMs, ...result } = await killMany({ kills: Number(values.kills), atOnce: Number(values['at-once']), folder })
    lostMs.sort((one, other) => one - other)
    const at = (share) => Math.round(lostMs[Math.min(lostMs.length - 1, Math.floor(share * lostMs.length))])
    console.log(JSON.stringify({ ...result, lostMs: { median: at(0.5), p99: at(0.99), most: at(1) } }))
    process.exitCode = result.unreadable.length > 0 || at(1) > MOST_LOST_MS ? 1 : 0
  } finally {
    for (const stop of stops) stop()
  }
}

module.exports = { MOST_LOST_MS, killMany }

if (require.main === module) main()
