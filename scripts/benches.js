'use strict'

// The short form of each bench, so that none rots: it must end well and print a figure. The figures themselves are
// worth nothing: several run at once, for seconds.

const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, must } = require('./steps')
const { scripts } = require('../package.json')

/** Longer than any takes beside the tests on a busy machine. */
const DEADLINE_MS = 300000
const AT_ONCE = 2

/** Those of package.json by their script. One that has no row here fails the step. */
const SCRIPTS = {
  bench: ['--quick', '--alone'],
  'bench:verdict': [],
  'bench:longrun': ['--minutes', '0.25', '--only', 'ok-socket.io,leak-buffers'],
  'bench:zoo': ['--only', 'ok-idle', '--seconds', '3'],
  'bench:snapshot': ['--quick', '--alone'],
  'bench:leaktest': ['--short'],
  'bench:evidence-pauses': ['--quick'],
  'bench:survive': ['--quick'],
  // As the Rust tests have built it already: optimised is for more than one run.
  'bench:simulate': ['--runs', '1', '--only', 'tidemark']
}

/** The others. `npm run test:matrix` runs the captures of scripts/captures.js. */
const PROGRAMS = [
  ['bench/cost/middleware.js', '--quick'],
  ['bench/cost/dashboard.js', '--seconds', '1'],
  ['bench/cost/evidence-routes.js', '--quick'],
  ['bench/cost/evidence-sites.js', '--pairs', '1', '--seconds', '0.3'],
  ['bench/snapshot/need.js', 'objects in arrays', '20'],
  ['bench/verdict/record/index.js', '--only', 'healthy-batch', '--seconds', '3', '--out']
]

/** 'node scripts/setup.js && node bench/cost/index.js' without the setup, and 'cargo run --release ... --' not optimised. */
function commandOf (script) {
  const [program, ...args] = scripts[script].split(' && ').at(-1).split(' ')
  return program === 'node' ? [process.execPath, path.join(ROOT, args[0])] : [program, ...args.filter((arg) => arg !== '--release')]
}

/** @returns {Promise<{passed: number, failed: number, skipped: number, note: string}>} */
async function benches () {
  const names = Object.keys(scripts).filter((name) => /^bench(?::|$)/.test(name))
  const unknown = names.filter((name) => !Object.hasOwn(SCRIPTS, name))
  if (unknown.length > 0) throw new Error(`No short form is known of ${unknown.join(', ')}: scripts/benches.js has a table of them`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-benches-'))
  const queue = [
    ...names.map((name) => [...commandOf(name), ...SCRIPTS[name]]),
    ...PROGRAMS.map(([program, ...args]) => [process.execPath, path.join(ROOT, program), ...args, ...args.at(-1) === '--out' ? [folder] : []])
  ]
  const all = queue.length
  const failures = []
  const work = async () => {
    for (let command = queue.shift(); command !== undefined; command = queue.shift()) {
      const [program, ...args] = command
      try {
        const { stdout } = await must(program, args, { deadlineMs: DEADLINE_MS })
        if (!/\d/.test(stdout) && !args[0].includes('record')) throw new Error('it printed no figure')
      } catch (error) {
        failures.push(`${command.join(' ')}: ${error.message}`)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { passed: all - failures.length, failed: failures.length, skipped: 0, note: [`${all - failures.length} of ${all}`, ...failures].join('\n') }
}

module.exports = { benches }
