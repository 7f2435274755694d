'use strict'

const assert = require('node:assert/strict')
const { before, describe, test } = require('node:test')
const { result } = require('./helpers/child')

const MIB = 1024 * 1024

/**
 * A worker's rings alone are 0.39 MB: were they left behind, the 175 workers between the first and
 * the last reading would leave 65 MiB. Equal runs differ by a few MiB, now and then by 20, since V8
 * and malloc give pages back when they like.
 */
const NOISE = 45 * MIB

describe('200 workers, started and ended in every way under load', () => {
  const run = (how) => result('worker-soak.js', { args: [how], deadlineMs: 240000 })
  let soak

  before(async () => { soak = await run('with') })

  test('end as they would without tidemark', () => {
    const { 'starting: exit code 0': unborn = 0, 'starting: exit code 1': born = 0, ...rest } = soak.outcomes
    assert.equal(unborn + born, 25)
    assert.deepEqual(rest, {
      'busy: exit code 1': 25,
      'collecting: exit code 1': 25,
      'ends: exit code 0': 25,
      'exits: exit code 3': 25,
      'pending: exit code 1': 25,
      'restarts: exit code 0': 25,
      'throws: on purpose': 25
    })
  })

  test('leave no isolate watched but the one that was', () => {
    assert.equal(soak.before.watched, 1)
    assert.equal(soak.after.watched, 1)
    assert.equal(soak.watchedAtEnd, 0)
  })

  test('leave no thread and no file open', () => {
    assert.ok(soak.after.threads <= soak.before.threads, `${soak.before.threads} -> ${soak.after.threads} threads`)
    assert.ok(soak.after.fds <= soak.before.fds, `${soak.before.fds} -> ${soak.after.fds} files`)
  })

  test('leave no more memory than Node.js itself does', async () => {
    const ours = growth(soak.memory)
    // What Node.js itself leaves matters only to more than the noise.
    if (ours < NOISE) return
    const control = await run('without')
    const nodes = growth(control.memory)
    assert.ok(ours < nodes + NOISE,
      `memory grew by ${ours} bytes with tidemark: ${soak.memory}; by ${nodes} without: ${control.memory}`)
  })

  test('do not disturb the watching of the thread that started them', () => {
    // On a busy machine collections take long.
    assert.deepEqual(soak.problems.filter((text) => !text.startsWith('No full GC is asked for')), [])
  })
})

/** What equally spaced readings grow by from the first to the last: Theil-Sen, which no single jump moves. */
function growth (readings) {
  const slopes = readings.flatMap((later, j) => readings.slice(0, j).map((earlier, i) => (later - earlier) / (j - i)))
  slopes.sort((a, b) => a - b)
  return slopes[slopes.length >> 1] * (readings.length - 1)
}
