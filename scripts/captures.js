'use strict'

// Proves the capture by fork on the newest release of each Node.js line: so many captures, one after
// the other, under allocation load, with a busy thread pool, two busy worker threads and HTTP
// requests. Each must end with a whole snapshot or a refusal with a reason, and the process must be
// what it was.
//   npm run test:capture [-- --captures 200] [--only 22,24] [--heap-mb 0]
// With --pauses, instead: the pause of so many captures of a quiet heap, beside V8's own way.
//   npm run test:capture -- --pauses 20 --only 22 --heap-mb 500

const path = require('node:path')
const { parseArgs } = require('node:util')
const { ROOT, Skipped, Steps, lastLine, must, exitWith } = require('./steps')
const { linesOf, newest } = require('./node-versions')
const { setup } = require('./setup')

/** Two captures a minute on a busy machine, of the 200. */
const DEADLINE_MS = 6000000

const FORKS = process.platform === 'linux' && process.arch === 'x64'

const PROGRAMS = path.join(ROOT, '__test__', 'programs')

async function soak (binary, { captures, heapMb }) {
  const { stdout } = await must(binary, [path.join(PROGRAMS, 'snapshot-soak.js'), captures, heapMb], { deadlineMs: DEADLINE_MS })
  const told = JSON.parse(lastLine(stdout))
  const refused = sum(told.refused)
  const failed = sum(told.failed)
  const wrong = [
    told.complete + refused !== Number(captures) && `${failed} failed, ${told.broken.length} broken: ${JSON.stringify([told.failed, told.broken])}`,
    told.wrong > 0 && `${told.wrong} wrong HTTP answers`,
    !told.whole && 'the content of the heap has changed',
    told.after.fds > told.before.fds && `${told.after.fds - told.before.fds} descriptors more than before`,
    told.after.children > 0 && `${told.after.children} children left`,
    told.left.length > 0 && `files left: ${told.left.join(', ')}`,
    told.spawned < captures / 5 && `only ${told.spawned} programs started`
  ].filter(Boolean)
  const retried = Object.entries(told.attempts).filter(([tries]) => Number(tries) > 1).map(([tries, count]) => `${count} at try ${tries}`)
  const note = `Node.js ${told.version}: ${told.complete} of ${captures} complete, ${refused} refused ${reasons(told.refused)}` +
    `${retried.length > 0 ? `, ${retried.join(', ')}` : ''}; pause ${range(told.pauses)} ms, took ${range(told.durations)} ms; ` +
    `${told.answers} HTTP answers, ${told.spawned} programs started`
  return { passed: told.complete + refused, failed: wrong.length, skipped: 0, note: [note, ...wrong].join('\n') }
}

async function pauses (binary, { captures, heapMb }) {
  const { stdout } = await must(binary, ['--max-old-space-size=8000', path.join(PROGRAMS, 'snapshot-pauses.js'), captures, heapMb], { deadlineMs: DEADLINE_MS })
  const { version, usedHeapSize, pauses, durationMs, inProcessMs } = JSON.parse(lastLine(stdout))
  const note = `Node.js ${version}, used heap ${Math.round(usedHeapSize / 1e6)} MB: pause by fork ${range(pauses)} ms of ${pauses.length}, ` +
    `the child took ${Math.round(durationMs)} ms; in the process ${Math.round(inProcessMs)} ms`
  return { passed: pauses.length, failed: 0, skipped: 0, note }
}

function sum (counts) {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}

function reasons (counts) {
  return sum(counts) > 0 ? JSON.stringify(counts) : ''
}

/** median (max) */
function range (numbers) {
  const sorted = numbers.toSorted ? numbers.toSorted((a, b) => a - b) : [...numbers].sort((a, b) => a - b)
  return sorted.length > 0 ? `${sorted[sorted.length >> 1].toFixed(1)} (max ${sorted.at(-1).toFixed(1)})` : 'none'
}

/**
 * @param {InstanceType<typeof Steps>} steps
 * @param {string[]} lines Node.js major versions
 * @param {{captures: string, heapMb?: string, run?: typeof soak}} what
 */
async function captures (steps, lines, { captures, heapMb = '0', run = soak }) {
  for (const line of lines) {
    await steps.step(`${captures} captures on the newest Node.js ${line}`, async () => {
      if (!FORKS) throw new Skipped('captures by fork are for Linux x64 with glibc')
      const result = await run((await newest(line)).binary, { captures, heapMb })
      console.log(result.note)
      return result
    })
  }
}

async function main () {
  const { values } = parseArgs({
    options: {
      captures: { type: 'string', default: '200' },
      only: { type: 'string' },
      'heap-mb': { type: 'string', default: '0' },
      pauses: { type: 'string' }
    }
  })
  await setup()
  const steps = new Steps()
  await captures(steps, linesOf(values.only), {
    captures: values.pauses ?? values.captures,
    heapMb: values['heap-mb'],
    run: values.pauses === undefined ? soak : pauses
  })
  steps.close()
}

module.exports = { captures }

if (require.main === module) main().catch(exitWith)
