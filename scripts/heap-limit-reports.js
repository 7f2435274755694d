'use strict'

// Runs programs that fill V8's heap, and looks at what they leave: the recorder's file, the termination message and the report
// must be complete, each time.

const { execFile, execFileSync } = require('node:child_process')
const { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')

const PROGRAM = path.join(__dirname, '..', '__test__', 'programs', 'heap-limit-report.js')

/** How the programs fill it, in turn. */
const WAYS = ['loop', 'turns', 'worker', 'workerTurns', 'reported']

const DEADLINE_MS = 60000

/**
 * @param {object} options
 * @param {number} options.runs of each way
 * @param {string} [options.node] which Node.js
 * @param {number} [options.atOnce]
 * @returns {Promise<{runs: number, complete: number, faults: string[]}>}
 */
async function fillMany ({ runs, node = process.execPath, atOnce = 2 }) {
  const major = Number(/\d+/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))?.[0])
  /** @type {{runs: number, complete: number, faults: string[]}} */
  const result = { runs: runs * WAYS.length, complete: 0, faults: [] }
  let next = 0
  const worker = async () => {
    while (next < result.runs) {
      const way = WAYS[next++ % WAYS.length]
      const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-heap-limit-'))
      try {
        const faults = look(folder, way, major >= 24, await fill(node, folder, way))
        if (faults.length === 0) result.complete++
        else result.faults.push(`${way}: ${faults.join('; ')}`)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return result
}

function fill (node, folder, way) {
  closeSync(openSync(path.join(folder, 'termination-log'), 'w'))
  return new Promise((resolve) => {
    execFile(node, ['--max-old-space-size=64', PROGRAM, folder, way], { timeout: DEADLINE_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => resolve({ signal: error?.signal ?? null, code: error?.code ?? 0, stdout, stderr }))
  })
}

/**
 * @param {boolean} isSlow whether Node.js itself takes minutes to end a thread for its heap, or ends the process, as 24 and 26 do
 * @returns {string[]} what is not as it must be
 */
function look (folder, way, isSlow, { signal, code, stdout, stderr }) {
  const faults = []
  const check = (holds, fault) => { if (!holds) faults.push(fault) }
  const inWorker = way.startsWith('worker')
  if (inWorker) check(stdout.includes('ERR_WORKER_OUT_OF_MEMORY') || isSlow, `the thread did not end as Node.js ends it: ${code} ${signal} ${stdout} ${stderr.slice(0, 300)}`)
  else check(signal === 'SIGABRT' || signal === 'SIGTRAP' || code > 128, `it ended by ${signal ?? code}: ${stderr.slice(0, 300)}`)
  const log = readFileSync(path.join(folder, 'termination-log'), 'utf8')
  // Where the event loop turns once more, the change of health is written after it.
  check(/V8 asked for a higher heap limit(?: at 20\S+Z)?: .+\n$/.test(log), `termination message: '${log}'`)
  checkReports(path.join(folder, 'reports'), way, check)
  checkRecording(path.join(folder, 'recorder'), inWorker, check)
  return faults
}

function checkReports (folder, way, check) {
  const names = readdirSync(folder)
  check(!names.some((name) => name.endsWith('.tmp')), `partial files: ${names.join()}`)
  const texts = Object.fromEntries(names.map((name) => [path.extname(name), readFileSync(path.join(folder, name), 'utf8')]))
  const { '.md': md = '', '.json': json = '{}', '.svg': svg } = texts
  check(md.includes('V8 asked for a higher heap limit at 20') && md.trimEnd().endsWith('Z'), `report: '${md.slice(0, 300)}' of ${names.join()}`)
  check(svg === undefined || svg.endsWith('</svg>\n'), 'the picture is cut')
  const { nearHeapLimit, signature } = JSON.parse(json)
  check(nearHeapLimit?.oldGenerationLimit > 0, `JSON: '${json.slice(0, 300)}'`)
  if (way === 'reported') check(signature === 'tidemark:heap', `it is not the report of the leak, but of ${signature}`)
}

function checkRecording (folder, inWorker, check) {
  const { readFlight } = require('../binding.js')
  const { endingOf } = require('../lib/flight/ending')
  const [name] = readdirSync(folder)
  const recording = JSON.parse(readFlight(path.join(folder, name)))
  check(recording.isolates.some(({ nearHeapLimit }) => nearHeapLimit), 'the recorder does not know of V8\'s question')
  if (!inWorker) check(endingOf({ ...recording, alive: false }).cause === 'heap-limit', 'the recorder says another end')
}

async function main () {
  const { values: { runs, node } } = parseArgs({ options: { runs: { type: 'string', default: '10' }, node: { type: 'string' } } })
  const { faults, complete, ...result } = await fillMany({ runs: Number(runs), node })
  console.log(`${complete} of ${result.runs} complete: recorder, termination message and report (${WAYS.join(', ')})`)
  for (const fault of faults) console.log(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
}

if (require.main === module) main()

module.exports = { fillMany }
