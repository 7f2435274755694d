'use strict'

const assert = require('node:assert/strict')
const { execFile, spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const { statfs } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { promisify } = require('node:util')
const { forkObstacle } = require('../lib/snapshot/fork')

const PROGRAM = path.join(__dirname, 'programs', 'snapshot-surroundings.js')
const DEADLINE_MS = 120000

const forks = forkObstacle(require('../lib/binding').loadBinding(), {}) === undefined
const WAYS = ['fork', 'auto', 'in-process', 'redacted', 'nameless', 'heapDiff', 'heapDiffOffLoop']
const TO_A_FILE = ['fork', 'auto', 'in-process', 'redacted']

let root

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-surroundings-')) })
after(() => rmSync(root, { recursive: true, force: true }))

/** @param {string} setUp what is done before the program starts, in a mount namespace of its own; $1 is the folder */
async function outcome (situation, setUp, folder = mkdtempSync(path.join(root, 'x-'))) {
  const script = `${setUp} && shift && exec "$@"`
  const { stdout, stderr } = await promisify(execFile)('unshare', ['--mount', 'sh', '-c', script, 'sh', folder, process.execPath, PROGRAM, situation, folder],
    { env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder }, timeout: DEADLINE_MS, killSignal: 'SIGKILL' })
  assert.equal(stderr, '')
  const { ends, ...rest } = JSON.parse(stdout)
  assert.deepEqual(Object.keys(ends), WAYS.filter((way) => way in ends))
  for (const { ended, reason } of Object.values(ends)) assert.ok(ended === 'taken' || (ended.startsWith('ERR_TIDEMARK_') && reason !== undefined), JSON.stringify(ends))
  return { ends, of: (way) => [ends[way].ended, ends[way].reason], ...rest }
}

const taken = ['taken', undefined]
const refused = (reason) => ['ERR_TIDEMARK_SNAPSHOT_REFUSED', reason]

describe('a snapshot', { skip: noNamespaces() }, () => {
  test('where the folder is read-only is refused with the reason, and HeapDiff needs none', async () => {
    const { ends, of, left } = await outcome('read-only', 'mount -t tmpfs -o ro none "$1"')
    for (const way of TO_A_FILE) {
      assert.deepEqual(of(way), refused('path'))
      assert.match(ends[way].message, /read-only file system.*Name a path in a folder that the process may write to/)
    }
    assert.deepEqual(of('nameless'), refused(forks ? 'path' : 'unsupported'))
    assert.deepEqual([of('heapDiff'), of('heapDiffOffLoop')], [taken, taken])
    assert.deepEqual(left, [])
  })

  test('on a disk that is too small is refused with both numbers', { skip: !statfs && 'no statfs' }, async () => {
    const { ends, of, left } = await outcome('small disk', 'mount -t tmpfs -o size=2m none "$1"')
    for (const way of forks ? [...TO_A_FILE, 'nameless'] : TO_A_FILE.slice(1)) {
      assert.deepEqual(of(way), refused('disk'))
      assert.ok(ends[way].need > ends[way].available && ends[way].available > 0)
    }
    assert.deepEqual(of('heapDiff'), taken)
    assert.deepEqual(left, [])
  })

  test('on a disk that fills meanwhile fails with the reason and leaves nothing', async () => {
    const { ends, of, left } = await outcome('disk that fills', 'mount -t tmpfs -o size=2m none "$1"')
    for (const way of forks ? [...TO_A_FILE, 'nameless'] : TO_A_FILE.slice(1)) {
      assert.deepEqual(of(way), ['ERR_TIDEMARK_SNAPSHOT_FAILED', 'write'], JSON.stringify(ends[way]))
      assert.match(ends[way].message, /ENOSPC/)
    }
    assert.deepEqual(left, [])
  })

  test('without /proc is not taken by fork, and in the process it is', async () => {
    const { ends, of, left } = await outcome('no /proc', 'mount -t tmpfs none /proc')
    for (const way of ['fork', 'nameless']) {
      assert.deepEqual(of(way), refused(forks ? 'unsupported' : of(way)[1]))
      if (forks) assert.match(ends[way].message, /\/proc is not mounted/)
    }
    for (const way of ['auto', 'in-process', 'redacted', 'heapDiff', 'heapDiffOffLoop']) assert.deepEqual(of(way), taken, JSON.stringify(ends[way]))
    assert.deepEqual(left, [])
  })

  for (const when of ['no descriptors', 'no descriptors at first']) {
    test(`where there are ${when} is refused with that reason, and taken when there are some again`, async () => {
      const { ends, of, after: later, left } = await outcome(when, 'ulimit -n 290')
      for (const way of Object.keys(ends)) {
        assert.deepEqual(of(way), refused('descriptors'), JSON.stringify(ends))
        assert.match(ends[way].message, /too many open files.*ulimit -n/)
      }
      assert.equal(later, 'taken')
      assert.deepEqual(left, [])
    })
  }
})

function noNamespaces () {
  return (process.platform !== 'linux' || spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt']).status !== 0) && 'no mount namespaces can be made here: wants Linux and root'
}
