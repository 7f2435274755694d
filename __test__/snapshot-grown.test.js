'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { result } = require('./helpers/child')

/** Of programs/gathers.js: the name of what leaks, the description, and the kind. */
const LEAKY = {
  buffer: [/^1\.0 kB a call: Buffer `body` \(context of gathers\.js\) grows$/, 'large-object'],
  map: [/^1 Session \(.*\) a call: held by Map `sessions` \(context of gathers\.js\)$/, 'container'],
  'array of small objects': [/^1 Object \(.*\) a call: held by Array `pairs` /, 'container'],
  set: [/^1 Session \(.*\) a call: held by Set `visited` /, 'container'],
  'list from its head': [/^1 Link \(32 bytes\) a call: held by the chain that starts at Object `stack` /, 'list'],
  'list from its tail': [/ Link \(32 bytes\) a call: held by the chain that starts at Queue `queue` /, 'list'],
  listeners: [/^1 function .*gathers\.js:\d+ \(.*\) a call: held by the listeners of EventEmitter `bus` .* for 'order'$/, 'listeners'],
  closures: [/^1 function .*gathers\.js:\d+ \(.*\) a call: held by Array `handlers` /, 'container'],
  'pending promise': [/Promise `forever` \(context of gathers\.js\) stays pending, and calls of function waitsFor in gathers\.js:\d+ wait for it$/, 'promises'],
  resolvers: [/^1 Function \(.*\) a call: held by Array `resolvers` /, 'container'],
  static: [/^1 Session \(.*\) a call: held by Array `entries` \(on Registry in gathers\.js:\d+\)$/, 'container'],
  dictionary: [/^1 Object \(.*\) a call: held by Object `byName` /, 'container'],
  buffers: [/^1 Buffer \(1\.\d kB\) a call: held by Array `chunks` /, 'container'],
  'two owners': [/^1 Session \(.*\) a call: held by Array `inStep\.(first|second)` /, 'container'],
  timers: [/^1 Timeout \(.*\) a call: held by timers that are still set$/, 'timers'],
  string: [/held by the chain that starts at \(concatenated string\) `log` /, 'list']
}

/** An array grows by half its size at a time: enough calls lead to the next. */
const IN_LEAPS = {
  numbers: [/^\d+ bytes a call: Array `totals` \(context of gathers\.js\) grows$/, 'large-object'],
  'dictionary of numbers': [/ \(string\) \(.*\) a call: held by Object `byNumber` /, 'container'],
  'weak map': [/^1 Object \(.*\) a call: held by Array `keys` /, 'container']
}

const CLEAN = ['cache at its cap', 'ring', 'jit', 'promises', 'listener removed', 'nothing', 'queue that drains']

/** At most ten places are told, and some of these have two. */
const TOGETHER = 7

async function found (names, calls) {
  const told = await result('gathers.js', { args: [names.join(), String(calls)], deadlineMs: 120000 })
  return told.found
}

for (const [calls, leaky] of [[20, LEAKY], [200, { ...LEAKY, ...IN_LEAPS }], [2000, IN_LEAPS]]) {
  test(`what gathers over rounds of ${calls} calls is told with its holder, also of several at once`, async () => {
    const names = Object.keys(leaky)
    for (let from = 0; from < names.length; from += TOGETHER) {
      const some = names.slice(from, from + TOGETHER)
      const told = await found(some, calls)
      for (const name of some) {
        const [description, kind] = leaky[name]
        const of = told.filter((row) => description.test(row.description))
        assert.equal(of.length, 1, `${name}: ${told.map((row) => row.description).join('\n')}`)
        const [{ objectsPerRound, bytesPerCall, path, ...row }] = of
        assert.equal(row.kind, kind, name)
        assert.equal(row.own, false)
        assert.equal(path[0].id, 1)
        assert.ok(bytesPerCall >= 4, name)
        if (kind === 'container' && !(name in IN_LEAPS)) assert.deepEqual(objectsPerRound, [calls, 2 * calls], name)
      }
    }
  })
}

for (const calls of [20, 200, 2000]) {
  test(`over rounds of ${calls} calls a cache at its cap, a ring and what is dropped do not gather`, async () => {
    assert.deepEqual((await found(CLEAN, calls)).map(({ description }) => description), [])
  })
}
