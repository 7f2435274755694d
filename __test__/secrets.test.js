'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { result } = require('./helpers/child')

test('what clients send is in nothing that tidemark says, and names of the code are', { timeout: 500000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { kinds, found, readable, forks } = await result('secrets-app.js', { args: [folder], nodeArgs: ['--expose-gc'], deadlineMs: 450000 })
  assert.deepEqual(found, [])
  // Snapshots of a busy machine may come too late; that they come is for evidence-retainers.test.js.
  const isLate = forks && !kinds.includes('leak-evidence')
  if (isLate) t.diagnostic('no evidence came after the report, so nothing of it was looked through')
  const late = forks && !isLate ? ['tidemark:leak-evidence', 'line of leak-evidence'] : []
  for (const kind of [...late, 'leak', 'tidemark:leak', 'line of leak', 'stats', 'gc', 'log', 'status()', 'page', 'census()', 'redacted.heapsnapshot', 'flame.html', 'p.heapprofile', 'report.html', 'report.md', 'report.json', 'report.svg']) {
    assert.ok(kinds.includes(kind), kind)
  }
  assert.deepEqual(readable, ['/products/:id', 'sessionsByToken', 'requestsByKey', 'secrets-app.js'])
})
