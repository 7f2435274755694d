'use strict'

// The longest time for which the event loop stands still while evidence is collected, beside the same
// program without evidence, in turns: what tidemark causes is the difference.
// npm run bench:evidence-pauses [-- --quick] [--heaps 100,400,1000] [--rounds 3] [--seconds 40] [--json]
// Another Node.js: run this file with it.
const { parseArgs } = require('node:util')
const os = require('node:os')
const { run, alternate } = require('./run')
const { median } = require('../statistics')

const GOAL_MS = 50
const DEADLINE_MS = 300000
/** How each option is set for all, and for a short run that only has to show that all of it works. */
const FULL = { heaps: '100,400,1000', rounds: '3', seconds: '40' }
const QUICK = { heaps: '100', rounds: '1', seconds: '14' }

async function main () {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      ...Object.fromEntries(Object.keys(FULL).map((name) => [name, { type: 'string' }]))
    }
  })
  const { heaps, rounds, seconds, json } = { ...FULL, ...values.quick && QUICK, ...values }
  const rows = []
  for (const megabytes of heaps.split(',')) {
    const progress = (done, all) => process.stderr.write(`\r${megabytes} MB: ${done}/${all}${done === all ? '\n' : ''}`)
    const measured = await alternate(['off', 'on'], Number(rounds), (evidence) =>
      run('pauses-app.js', [megabytes, seconds, evidence], ['--max-old-space-size=4096'], DEADLINE_MS), progress)
    rows.push(rowOf(megabytes, measured))
  }
  const report = { node: process.version, cpu: os.cpus()[0]?.model, cores: os.cpus().length, load: os.loadavg()[0], goalMs: GOAL_MS, rows }
  if (json) {
    console.log(JSON.stringify(report))
    return
  }
  console.log(`Node.js ${report.node}, ${report.cores} cores, ${report.cpu}, load ${report.load.toFixed(1)}`)
  console.table(rows.map(({ heap, clock, own, named, evidenceMs }) => ({
    heap: `${heap} MB`,
    'without, ms': own.off.toFixed(0),
    'with, ms': own.on.toFixed(0),
    'beyond it, ms': (own.on - own.off).toFixed(0),
    [`goal: at most ${GOAL_MS}`]: own.on - own.off <= GOAL_MS ? 'reached' : 'missed',
    'by the clock, ms': `${clock.off.toFixed(0)} and ${clock.on.toFixed(0)}`,
    'evidence, ms in all': evidenceMs.toFixed(0),
    'rounds with a suspect': named
  })))
  for (const { heap, problems } of rows) for (const problem of problems) console.log(`${heap} MB: ${problem}`)
}

/** Of each round the longest pause; of those the median. `own` is without the wait for a processor, on Linux. */
function rowOf (heap, { off, on }) {
  const longest = (runs, by) => median(runs.map(({ pauses }) => pauses[by][0] ?? NaN))
  const both = (by) => ({ off: longest(off, by), on: longest(on, by) })
  return {
    heap,
    clock: both('clock'),
    own: both('own'),
    all: { off: off.map(({ pauses }) => pauses), on: on.map(({ pauses }) => pauses) },
    evidenceMs: median(on.map(({ evidenceMs }) => Object.values(evidenceMs).reduce((sum, ms) => sum + ms, 0))),
    named: on.filter(({ suspects }) => suspects.length > 0).length,
    suspects: on.map(({ suspects }) => suspects.slice(0, 2)),
    problems: [...new Set(on.flatMap(({ problems }) => problems))]
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
