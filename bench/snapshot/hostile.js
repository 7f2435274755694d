'use strict'

/**
 * How much memory snapshots take that V8 would not write, by shape and by what is asked of them:
 *
 *     node bench/snapshot/hostile.js [--megabytes 24] [--shapes chain] [--questions '^diff|API'] [--all]
 *
 * --shapes and --questions are regular expressions. The peak is VmHWM without that of `tidemark --version`, measured in the same run. What takes more than 1.5 times its
 * files and 64 MB is marked, and the command fails; --all also prints what does not.
 */

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { SHAPES, writeHostileSnapshot } = require('../../__test__/helpers/hostile-snapshots')
const { peakOf } = require('../../__test__/helpers/peak-memory')

const CLI = path.join(__dirname, '..', '..', 'bin', 'tidemark.js')
const API = path.join(__dirname, '..', '..', '__test__', 'programs', 'reads-snapshots.js')
const SPARE = 64 << 20
/** The first id of a process that is another one. */
const OTHER = 1_000_001

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '24' },
    shapes: { type: 'string' },
    questions: { type: 'string' },
    all: { type: 'boolean', default: false }
  }
})

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-hostile-'))
const at = (name) => path.join(folder, name)
const [one, same, other, out] = ['one', 'same', 'other', 'out'].map(at)

/** By name: the arguments of node, and how many files are read. */
const QUESTIONS = {
  summary: [[CLI, 'summary', one, '--rows', '1000'], 1],
  suspects: [[CLI, 'suspects', one], 1],
  'suspects --json': [[CLI, 'suspects', one, '--json'], 1],
  'suspects --html': [[CLI, 'suspects', one, '--html', out], 1],
  'suspects of two': [[CLI, 'suspects', one, same], 2],
  'suspects of three': [[CLI, 'suspects', one, same, other, '--html', out], 3],
  diff: [[CLI, 'diff', one, same], 2],
  'diff of processes': [[CLI, 'diff', one, other, '--rows', '1000', '--json'], 2],
  path: [[CLI, 'path', one, '--node', '3'], 1],
  'path of a class': [[CLI, 'path', one, '--class', 'hub'], 1],
  convert: [[CLI, 'convert', one, '--out', out, '--force'], 1],
  'convert --strip': [[CLI, 'convert', one, '--strip', '--out', out, '--force'], 1],
  'API, one': [[API, one], 1],
  'API, three': [[API, one, same, other], 3],
  HeapDiff: [[API, '--heap-diff', one, other], 2]
}

try {
  process.exitCode = run() ? 0 : 1
} finally {
  fs.rmSync(folder, { recursive: true })
}

function matches (pattern = '') {
  return (name) => new RegExp(pattern).test(name)
}

function run () {
  const baseline = peakOf([CLI, '--version']).peak
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1).padStart(8)
  console.log(`Node.js itself: ${megabytes(baseline)} MB\n\n${'shape'.padEnd(36)}${'question'.padEnd(20)} file(s) MB  peak MB  ratio  seconds`)
  let worst
  let held = true
  for (const shape of SHAPES.filter(matches(options.shapes))) {
    const bytes = Number(options.megabytes) * 1e6
    const size = writeHostileSnapshot(one, shape, bytes)
    fs.copyFileSync(one, same)
    writeHostileSnapshot(other, shape, bytes, { firstId: OTHER })
    const codes = new Set()
    for (const question of Object.keys(QUESTIONS).filter(matches(options.questions))) {
      const [args, files] = QUESTIONS[question]
      const { status, stdout, stderr, peak, seconds } = peakOf(args)
      const taken = peak - baseline
      const within = taken <= 1.5 * size * files + SPARE
      const spare = taken - 1.5 * size * files
      held &&= within
      if (worst === undefined || spare > worst.spare) worst = { spare, shape, question }
      if (/denser|dense"/.test(stderr + stdout)) codes.add('refused as dense')
      else if (status === 1 && !/There is no (class|node)/.test(stderr)) codes.add(stderr.split('\n')[0].slice(0, 100).replaceAll(folder, ''))
      else if (status !== 0 && status !== 1 && status !== 2) codes.add(`ends with ${status}`)
      if (!within || options.all) {
        console.log(`${shape.padEnd(36)}${question.padEnd(20)} ${megabytes(size * files)}   ${megabytes(taken)} ${(taken / size / files).toFixed(2).padStart(6)} ${seconds.toFixed(1).padStart(8)}${within ? '' : '  TOO MUCH'}`)
      }
    }
    console.log(`${shape.padEnd(36)}${codes.size === 0 ? 'answered' : [...codes].join(', ')}`)
  }
  console.log(`\nMost beyond 1.5 times the files: ${megabytes(worst.spare)} MB (${worst.shape}, ${worst.question}); ${megabytes(SPARE)} MB are allowed.`)
  return held
}
