'use strict'

// Tries the capture by fork under conditions that it may meet: so many captures under each, on the
// newest release of each Node.js line. Each must end with a whole snapshot, or with a reason that is
// expected there, and the process must be what it was. Some conditions want root.
//   node scripts/capture-conditions.js [--captures 10] [--only 22,24] [--match memory] [--overcommit]
// --overcommit changes the whole machine for some seconds.

const { chmodSync, existsSync, mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { problemsOf } = require('../__test__/helpers/snapshot')
const { CONDITIONS, DANGEROUS } = require('./capture/conditions')
const { linesOf, newest } = require('./node-versions')
const { setup } = require('./setup')
const { ROOT, Skipped, Steps, exitWith, lastLine, must } = require('./steps')

const PROGRAM = path.join(ROOT, '__test__', 'programs', 'snapshot-conditions.js')

const DEADLINE_MS = 300000

async function run (condition, node, captures) {
  const { args = [], env, situation = 'nothing', heapMb = 0, options = {}, may, nobody } = condition
  const folder = mkdtempSync(path.join(condition.folder ?? os.tmpdir(), 'tidemark-conditions-'))
  if (nobody) chmodSync(folder, 0o777)
  const around = condition.around?.(node)
  try {
    const command = [...around?.wrap ?? [], ...condition.wrap ?? [], around?.binary ?? node, ...args, PROGRAM, situation, folder, captures, heapMb, JSON.stringify(options)]
    const { stdout } = await must(command[0], command.slice(1), { env, deadlineMs: DEADLINE_MS })
    const told = JSON.parse(lastLine(stdout))
    return { ...told, ...judge(told, filesOf(folder, captures), may, captures) }
  } finally {
    around?.undo()
    rmSync(folder, { recursive: true })
  }
}

function filesOf (folder, captures) {
  return Array.from({ length: captures }, (_, i) => path.join(folder, `${i}.heapsnapshot`)).filter((file) => existsSync(file))
}

/** @returns {{ends: string, reasons: string[], wrong: string[]}} how the captures ended in short and in full, and what must not be */
function judge (told, files, may, captures) {
  const broken = files.map(problemsOf).filter((problems) => problems.length > 0)
  const ends = [
    ...told.complete > 0 ? [['complete', told.complete]] : [],
    ...Object.entries(told.refused).map(([reason, count]) => [`refused ${reason}`, count]),
    ...Object.entries(told.failed).map(([reason, count]) => [`failed ${reason}`, count])
  ]
  const short = new Map()
  for (const [end, count] of ends) {
    const [kind] = end.split(':')
    short.set(kind, (short.get(kind) ?? 0) + count)
  }
  const wrong = [
    ...ends.filter(([end]) => !may.test(end)).map(([end, count]) => `${count} ${end}`),
    ...broken.flat(),
    ...told.harm,
    ...files.length === told.complete ? [] : [`${files.length} files for ${told.complete} snapshots`],
    ...sum(ends) === captures ? [] : [`${sum(ends)} ends of ${captures}`]
  ]
  return { ends: [...short].map(([kind, count]) => `${count} ${kind}`).join(', '), reasons: ends.map(([end]) => end).filter((end) => end !== 'complete'), wrong }
}

function sum (ends) {
  return ends.reduce((all, [, count]) => all + count, 0)
}

async function main () {
  const { values } = parseArgs({
    options: {
      captures: { type: 'string', default: '10' },
      only: { type: 'string' },
      match: { type: 'string', default: '' },
      overcommit: { type: 'boolean', default: false }
    }
  })
  await setup()
  const lines = linesOf(values.only)
  const conditions = [...CONDITIONS, ...values.overcommit ? DANGEROUS : []].filter(({ name }) => name.includes(values.match))
  const steps = new Steps()
  /** By condition: by Node.js line, how it ended. @type {Map<string, Record<string, string>>} */
  const table = new Map(conditions.map(({ name }) => [name, {}]))
  for (const line of lines) {
    const { binary } = await newest(line)
    for (const condition of conditions) {
      await steps.step(`Node.js ${line}: ${condition.name}`, async () => {
        const row = table.get(condition.name) ?? {}
        row[line] = 'failed'
        try {
          const { ends, reasons, wrong } = await run(condition, binary, Number(values.captures))
          row[line] = wrong.length > 0 ? `WRONG: ${ends}` : ends
          return { passed: wrong.length > 0 ? 0 : 1, failed: wrong.length > 0 ? 1 : 0, note: [ends, ...reasons, ...wrong.map((each) => `WRONG: ${each}`)].join('\n        ') }
        } catch (error) {
          if (error instanceof Skipped) row[line] = 'skipped'
          throw error
        }
      })
    }
  }
  print(table, lines)
  steps.close()
}

function print (table, lines) {
  console.log(`\n| condition | ${lines.join(' | ')} |\n|${'---|'.repeat(lines.length + 1)}`)
  for (const [name, row] of table) console.log(`| ${name} | ${lines.map((line) => row[line]).join(' | ')} |`)
  console.log()
}

main().catch(exitWith)
