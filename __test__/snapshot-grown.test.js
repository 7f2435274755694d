'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { result } = require('./helpers/child')

/** Of programs/gathers.js: the name of what leaks, the sentence, and the kind. */
const LEAKY = {
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
  string: [/held by the chain that starts at \(concatenated string\) `log` /, 'list'],
  buffer: [/^100 bytes a call: Buffer `body` \(context of gathers\.js\) grows$/, 'large-object']
}

/** An array grows by half its size at a time: enough calls lead to the next. */
const IN_LEAPS = {
  numbers: [/^\d+ bytes a call: Array `totals` \(context of gathers\.js\) grows$/, 'large-object'],
  'dictionary of numbers': [/ \(string\) \(.*\) a call: held by Object `byNumber` /, 'container'],
  'weak map': [/^1 Object \(.*\) a call: held by Array `keys` /, 'container']
}

const CLEAN = ['cache at its cap', 'ring', 'jit', 'promises', 'listener removed', 'nothing', 'queue that drains']

for (const [calls, leaky] of [[20, LEAKY], [200, { ...LEAKY, ...IN_LEAPS }], [2000, { ...LEAKY, ...IN_LEAPS }]]) {
  test(`what gathers over rounds of ${calls} calls is told with its holder, and what does not gather is not`, async () => {
    const names = [...Object.keys(leaky), ...CLEAN]
    const { told } = await result('gathers.js', { args: [names.join(), String(calls)], deadlineMs: 120000 })
    for (const [name, [sentence, kind]] of Object.entries(leaky)) {
      const [first] = told[name]
      assert.match(first?.sentence ?? 'nothing', sentence, name)
      assert.equal(first.kind, kind, name)
      assert.equal(first.own, false)
      assert.equal(first.path[0].id, 1)
      // The links of a list hang on the one before, and the newest on the list.
      if (kind === 'container') assert.deepEqual(first.growth.map((count, at) => Math.round(count / calls / (at + 1))), [1, 1], name)
      assert.ok(first.bytesPerCall >= 4, name)
    }
    for (const name of CLEAN) assert.deepEqual(told[name].map(({ sentence }) => sentence), [], name)
  })
}
