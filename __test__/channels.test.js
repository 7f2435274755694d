'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { result } = require('./helpers/child')

const deadlineMs = 240000

describe('a leak is told in its channel', { concurrency: 4 }, () => {
  for (const [channel, what = channel] of [['heap'], ['external'], ['resources'], ...process.platform === 'linux' ? [['resources', 'files']] : []]) {
    test(what, async () => {
      const { leak, source, problems, state } = await result('leaks-in-channel.js', { args: [what], deadlineMs })
      assert.equal(leak.channel, channel)
      assert.equal(state, 'leaking')
      assert.equal(source, 'native')
      // On a busy machine evidence may come too late for the event.
      assert.deepEqual(problems.filter((problem) => !/was not ready within/.test(problem)), [])
      assert.ok(leak.growth > 0 && leak.growthRate > 0)
      assert.ok(leak.growthRateInterval[0] <= leak.growthRate && leak.growthRate <= leak.growthRateInterval[1])
      assert.ok(leak.confidence > 0.5 && leak.confidence <= 1)
      if (what === 'files') assert.match(JSON.stringify(leak.suspects), /"OpenFile: /)
      if (channel !== 'resources') {
        assert.equal(leak.limit, 'cgroup')
        assert.ok(leak.timeToLimit >= 0 && leak.timeToLimit < 600, String(leak.timeToLimit))
      }
    })
  }

  test('heap, and no suspects are looked for where no evidence is wanted', async () => {
    const { leak, evidence } = await result('leaks-in-channel.js', { args: ['heap', 'auto', '{"evidence":[]}'], deadlineMs })
    assert.deepEqual(leak.suspects, [])
    assert.equal(leak.signature, 'tidemark:heap')
    assert.deepEqual(evidence, { collecting: false, durationMs: {} })
  })

  test('heap, with samples from perf_hooks instead of the hook', async () => {
    const { leak, source } = await result('leaks-in-channel.js', { args: ['heap', 'perf_hooks'], deadlineMs })
    assert.equal(leak.channel, 'heap')
    assert.equal(source, 'perf_hooks')
  })
})
