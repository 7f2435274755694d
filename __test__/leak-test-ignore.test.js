'use strict'

// Rules of a setup file hold for all that comes after them in this thread, so they have a file of their own.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { assertNoLeak, ignoreLeaks, measureLeak } = require('..').test

class Session {
  constructor (id) { this.id = id }
}

test('rules of a setup file: what they match is no leak, also unexplained, and what matched nothing can be asked for', async () => {
  const sessions = []
  const leak = () => { sessions.push(new Session(sessions.length)) }
  const known = { class: 'Session', reason: 'the login page' }
  const stale = { class: 'Basket', reason: 'mended long ago' }
  const over = { file: 'src/cache.js', reason: 'until the move', until: '2020-01-01' }
  const first = ignoreLeaks([known, stale, over])
  assert.deepEqual(first.unmatched(), [known, stale])
  await assertNoLeak(leak)
  assert.deepEqual(first.unmatched(), [stale])
  const { verdict, ignored, message } = await measureLeak(leak, { explain: false })
  assert.equal(verdict, 'clean', message)
  assert.equal(ignored[0].rule, known)
  assert.throws(() => ignoreLeaks([{ class: 'Session' }]), { code: 'ERR_TIDEMARK_OPTION' })
})
