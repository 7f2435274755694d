'use strict'

// What happens at V8's heap limit, with and without `snapshotNearHeapLimit`: a whole file or a reason,
// within the time that is allowed, and then V8's own end. On the newest release of each Node.js line.
//   node scripts/near-limit.js [--runs 10] [--only 20,22] [--shapes objects,strings,array] [--heap 120]
//     [--timeout 20000] [--groups 330,600]
// --groups: in memory groups of so many MB, whose counter of OOM kills must not move; wants root.

const { spawn } = require('node:child_process')
const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { parseArgs } = require('node:util')
const { problemsOf } = require('../__test__/helpers/snapshot')
const { Group } = require('./capture/outside')
const { linesOf, newest } = require('./node-versions')
const { setup } = require('./setup')
const { ROOT, Steps, exitWith } = require('./steps')

const PROGRAM = path.join(ROOT, '__test__', 'programs', 'near-limit-shapes.js')

const SHAPES = ['objects', 'strings', 'array']

/** Over what is allowed: the process fills its heap before, and V8 takes its time to end it. */
const SLACK_MS = 60000

/**
 * @param {{binary: string, shape: string, heapMb: number, options?: object, wrap?: string[], deadlineMs?: number}} how
 *   options: of tidemark.start(); none for the same program without tidemark
 * @returns {Promise<{end: string, delayMs?: number, wrong: string[]}>} end: 'file', 'reason: ...' or how it went wrong;
 *   delayMs: from nine tenths of the heap to the end of the process
 */
async function reachLimit ({ binary, shape, heapMb, options, wrap = [], deadlineMs = SLACK_MS }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-near-limit-'))
  try {
    const given = options === undefined ? [] : [JSON.stringify({ snapshotNearHeapLimit: true, evidence: [], snapshotFolder: folder, ...options })]
    const ended = await ending([...wrap, binary, `--max-old-space-size=${heapMb}`, PROGRAM, shape, ...given], deadlineMs)
    return { delayMs: ended.delayMs, ...judge(ended, options === undefined ? undefined : folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string[]} command @param {number} deadlineMs */
function ending ([command, ...args], deadlineMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } })
    let stderr = ''
    let nearAt
    let endedAt = NaN
    let hung = false
    const deadline = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, deadlineMs)
    child.stdout.once('data', () => { nearAt = performance.now() })
    child.stderr.on('data', (data) => { stderr += data })
    child.once('error', reject)
    child.once('exit', () => {
      endedAt = performance.now()
    })
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      resolve({ code, signal, stderr, hung, delayMs: nearAt === undefined ? undefined : Math.round(endedAt - nearAt) })
    })
  })
}

function judge ({ code, signal, stderr, hung }, folder) {
  if (hung) return { end: 'hung', wrong: ['it hung'] }
  const wrong = /JavaScript heap out of memory/.test(stderr) ? [] : [`not V8's own end: code ${code}, signal ${signal}\n${stderr}`]
  if (folder === undefined) return { end: 'V8\'s own', wrong }
  const names = readdirSync(folder)
  const [, reason] = /tidemark: there is no snapshot of the heap at its limit: (.*)/.exec(stderr) ?? []
  if (names.length === 0) {
    return reason === undefined ? { end: 'nothing', wrong: [...wrong, `neither a file nor a reason\n${stderr}`] } : { end: `reason: ${reason}`, wrong }
  }
  const problems = names.flatMap((name) => problemsOf(path.join(folder, name)))
  return { end: 'file', wrong: [...wrong, ...names.length > 1 ? [`${names.length} files`] : [], ...problems] }
}

function median (numbers) {
  const known = numbers.filter((number) => number !== undefined).sort((a, b) => a - b)
  return known[known.length >> 1]
}

async function cell (how, runs, groupMb) {
  const without = []
  const ended = []
  for (let i = 0; i < runs; i++) {
    if (groupMb === undefined) without.push((await reachLimit({ ...how, options: undefined })).delayMs)
    const group = groupMb === undefined ? undefined : Group.of(groupMb)(how.binary)
    try {
      const one = await reachLimit({ ...how, wrap: group?.wrap, deadlineMs: how.options.nearHeapLimitTimeoutMs + SLACK_MS })
      if (group !== undefined && group.kills > 0) one.wrong.push(`${group.kills} ended by the kernel's OOM killer`)
      ended.push(one)
    } finally {
      group?.undo()
    }
  }
  return { ended, without: median(without), with: median(ended.map(({ delayMs }) => delayMs)), most: Math.max(...ended.map(({ delayMs }) => delayMs ?? 0)) }
}

function words ({ ended, without, with: median, most }) {
  const counts = new Map()
  for (const { end } of ended) {
    const kind = end.replaceAll(/\d[\d.]*/g, 'N')
    counts.set(kind, [...counts.get(kind) ?? [], end])
  }
  // The numbers of the first of a kind.
  const ends = [...counts.values()].map((each) => `${each.length} ${each[0]}`).join(', ')
  return `${ends}; ended after ${median} ms (at most ${most})${without === undefined ? '' : `, without tidemark after ${without}`}`
}

async function main () {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10' },
      only: { type: 'string' },
      shapes: { type: 'string', default: SHAPES.join() },
      heap: { type: 'string', default: '120' },
      timeout: { type: 'string', default: '20000' },
      groups: { type: 'string' }
    }
  })
  await setup()
  const groups = values.groups?.split(',').map(Number) ?? [undefined]
  const options = { nearHeapLimitTimeoutMs: Number(values.timeout) }
  const steps = new Steps()
  for (const line of linesOf(values.only)) {
    const { binary } = await newest(line)
    for (const group of groups) {
      for (const shape of values.shapes.split(',')) {
        await steps.step(`Node.js ${line}, ${shape}${group === undefined ? '' : `, in a memory group of ${group} MB`}`, async () => {
          const done = await cell({ binary, shape, heapMb: Number(values.heap), options }, Number(values.runs), group)
          const wrong = done.ended.flatMap(({ wrong }) => wrong)
          return { passed: wrong.length === 0 ? 1 : 0, failed: wrong.length, note: [words(done), ...wrong].join('\n        ') }
        })
      }
    }
  }
  steps.close()
}

module.exports = { reachLimit, SHAPES }

if (require.main === module) main().catch(exitWith)
