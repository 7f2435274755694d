'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { result } = require('./helpers/child')

// A pattern that is not linear takes minutes for some of them.
test('texts of 100,000 characters are read in a moment, whatever they are', { timeout: 100000 }, async () => {
  const { pieces, readers } = await result('long-inputs.js', { deadlineMs: 60000 })
  assert.ok(pieces > 30 && readers > 10)
})
