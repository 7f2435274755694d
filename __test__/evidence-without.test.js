'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { result, runIn } = require('./helpers/child')

const deadlineMs = 400000
const onLinux = { skip: process.platform !== 'linux' && 'Linux only' }

describe('where descriptors have run out', { ...onLinux, concurrency: 2 }, () => {
  test('the leak of descriptors is reported with what leaks, and the rest goes on without any', async () => {
    const { channel, suspects, leftOpen, census, snapshot, profile } = await result('descriptors-run-out.js', { args: ['leak'], deadlineMs })
    assert.equal(channel, 'resources')
    assert.match(suspects.join('\n'), /^OpenFile: /m)
    assert.ok(leftOpen > 200)
    assert.equal(census.code, undefined)
    assert.match(census.largest, /`files`/)
    assert.equal(profile.code, undefined)
    assert.equal(snapshot.code, 'ERR_TIDEMARK_SNAPSHOT_REFUSED')
    assert.match(snapshot.message, /EMFILE/)
  })

  test('a suspicion that comes only then has all its evidence', async () => {
    const { channel, kinds, sources, problems, openFiles, census } = await result('descriptors-run-out.js', { args: ['gone'], deadlineMs })
    assert.equal(channel, 'heap')
    assert.ok(kinds.length > 0)
    assert.deepEqual(sources, ['routes', 'sites', 'containers', 'resources', 'listeners'])
    assert.doesNotMatch(problems.join('\n'), /could not be loaded|EMFILE/)
    assert.ok(openFiles > 200)
    assert.match(census.largest, /`kept`/)
  })
})

/** Mounts are made in a namespace of their own, which ends with the process. */
const mayMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'true']).status === 0
const WITHOUT = [
  ['/proc', 'mount -t tmpfs none /proc', /resident memory of the process cannot be read.*native memory is not judged/, /\/proc is not mounted/],
  ['room on the disk', 'mount -t tmpfs -o size=64k none "$TMPDIR" && { head -c 65536 /dev/zero > "$TMPDIR/full" || true; }', /Who holds what leaks was not looked for.*are left on the disk/, /are left on the disk/],
  ['a temporary folder that can be written to', 'mount -t tmpfs -o ro none "$TMPDIR"', /Who holds what leaks was not looked for.*read-only file system/, /read-only file system/]
]

describe('a heap leak is reported', { skip: !mayMount && 'needs root and unshare', concurrency: 3 }, () => {
  for (const [what, mount, problem, refusal] of WITHOUT) {
    test(`without ${what}`, async (t) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const { json, code, stderr } = await runIn(['unshare', '-m', 'sh', '-c', `${mount} && exec "$0" "$@"`], 'leaks-without.js', {
        args: [folder], env: { TMPDIR: folder, NODE_OPTIONS: '--max-old-space-size=512' }, deadlineMs
      })
      assert.equal(code, 0, stderr)
      assert.equal(json.channel, 'heap')
      assert.ok(json.kinds.length > 0)
      assert.match(json.problems.join('\n'), problem)
      assert.equal(json.census.code, undefined)
      assert.match(json.census.largest, /`kept`/)
      assert.equal(json.snapshot.code, 'ERR_TIDEMARK_SNAPSHOT_REFUSED')
      assert.match(json.snapshot.message, refusal)
      if (what === '/proc') assert.match(json.census.problems.join(), /Open files were not counted/)
      else assert.equal(json.profile.code, 'ERR_TIDEMARK_PROFILE_FILE')
    })
  }
})
