'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const v8 = require('node:v8')
const { test, before, after } = require('node:test')
const { SHAPES, writeHostileSnapshot } = require('./helpers/hostile-snapshots')
const { peakOf } = require('./helpers/peak-memory')

const CLI = path.join(__dirname, '..', 'bin', 'tidemark.js')
const API = path.join(__dirname, 'programs', 'reads-snapshots.js')
const BYTES = 1_000_000
const SPARE = 64 << 20
/** The first id of a process that is another one. */
const OTHER = 100_001
/** No answer has more characters. */
const LONGEST = 8_000_000

let folder
const at = (name) => path.join(folder, name)

before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-hostile-')) })
after(() => fs.rmSync(folder, { recursive: true }))

/** The shapes that no V8 writes: refused, where they are too large to be harmless. */
const DENSE = ['nodes without edges', 'zeros for nodes']

test('whatever the shape of a snapshot, its memory and its answers are in proportion to the file', { skip: process.platform !== 'linux' && 'VmHWM is of Linux' }, () => {
  const baseline = peakOf([CLI, '--version']).peak
  for (const shape of SHAPES) {
    const size = writeHostileSnapshot(at('one'), shape, BYTES) + writeHostileSnapshot(at('other'), shape, BYTES, { firstId: OTHER })
    for (const args of [[], ['--heap-diff']]) {
      const { status, stdout, stderr, peak } = peakOf([API, ...args, at('one'), at('other')])
      assert.equal(status, 0, `${shape}: ${stderr}`)
      assert.ok(peak - baseline <= 1.5 * size + SPARE, `${shape} ${args}: ${peak - baseline} bytes for ${size}`)
      const { longest, code } = JSON.parse(stdout)
      if (code === undefined) assert.ok(longest < LONGEST, `${shape} ${args}: an answer of ${longest} characters`)
      else assert.equal(shape, 'more nodes claimed than there are')
    }
  }
})

test('a report and every command stay small where names are long', { skip: process.platform !== 'linux' && 'VmHWM is of Linux' }, () => {
  const baseline = peakOf([CLI, '--version']).peak
  for (const shape of ['one long class name', 'long names of all kinds', 'emoji in long names']) {
    const size = writeHostileSnapshot(at('one'), shape, 400_000)
    writeHostileSnapshot(at('other'), shape, 400_000, { firstId: OTHER })
    for (const args of [
      ['suspects', at('one'), '--html', at('page')],
      ['suspects', at('one'), at('other'), '--json'],
      ['summary', at('one'), '--html', at('page')],
      ['diff', at('one'), at('other')],
      ['path', at('one'), '--node', '5'],
      ['convert', at('one'), '--out', at('copy'), '--force']
    ]) {
      const { status, stdout, stderr, peak } = peakOf([CLI, ...args])
      assert.ok(status === 0 || status === 2, `${shape} ${args}: ${stderr}`)
      assert.ok(peak - baseline <= 1.5 * size * 2 + SPARE, `${shape} ${args}: ${peak - baseline} bytes`)
      assert.ok(stdout.length < 300_000, `${shape} ${args}: ${stdout.length} characters`)
    }
    assert.ok(fs.statSync(at('page')).size < 3_000_000)
  }
})

test('what is denser than V8 writes is refused with a code, what V8 writes is not', () => {
  for (const shape of DENSE) {
    writeHostileSnapshot(at('dense'), shape, 12_000_000)
    const { stdout } = peakOf([API, at('dense')])
    assert.deepEqual(JSON.parse(stdout), { code: 'ERR_TIDEMARK_SNAPSHOT_INVALID', reason: 'dense' }, shape)
    assert.match(peakOf([CLI, 'suspects', at('dense')]).stderr, /dense: .* denser than anything that V8 writes: .* MB of memory, and .* MB are allowed/)
  }
  // The least bytes a node that a heap of JavaScript has.
  const kept = Array.from({ length: 50_000 }, (_, at) => [BigInt(at), Symbol(at % 3)])
  v8.writeHeapSnapshot(at('healthy'))
  assert.equal(peakOf([API, at('healthy')]).status, 0)
  assert.equal(kept.length, 50_000)
})

test('names of a megabyte, control characters, marks that turn the text and tags stay text', () => {
  const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/ // oxlint-disable-line no-control-regex
  const nasty = '\\u001b[2J\\u202e\\u0007</script><script>alert(1)</script><!--\\r\\n\\"\'&'
  const shape = 'long names of all kinds'
  writeHostileSnapshot(at('nasty'), shape, 8_000_000, { unit: nasty })
  for (const args of [['suspects'], ['summary'], ['path', '--node', '15'], ['suspects', '--json'], ['summary', '--json']]) {
    const [command, ...rest] = args
    const { status, stdout, stderr } = peakOf([CLI, command, at('nasty'), ...rest])
    assert.ok(status === 0 || status === 2, stderr)
    assert.doesNotMatch(stdout + stderr, UNSEEN)
    assert.ok(stdout.length < 100_000, `${args}: ${stdout.length}`)
    assert.ok(stdout.includes('alert(1)'), `${args}`)
    if (args.includes('--json')) JSON.parse(stdout)
    else for (const line of stdout.split('\n')) assert.ok(line.length < 1200, `a line of ${line.length} characters`)
  }
  assert.equal(peakOf([CLI, 'summary', at('nasty'), '--html', at('page')]).status, 0)
  const page = fs.readFileSync(at('page'), 'utf8')
  assert.ok(page.length < 1_000_000)
  assert.equal(page.match(/<\/script>/g).length, 2)
  assert.doesNotMatch(page, /<!--|<script>alert/)
  const parts = JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)[1])
  assert.ok(parts.every(([, label, name]) => label.length <= 400 && name.length <= 400))
})
