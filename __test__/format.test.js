'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { sentence } = require('../lib/errors')
const { bytes, duration, rate } = require('../lib/format')
const { megabytes } = require('../lib/snapshot/words')

test('a size is in powers of 1000, as DevTools shows it, everywhere', () => {
  for (const [size, text] of [[0, '0 bytes'], [999, '999 bytes'], [1000, '1.0 kB'], [9.96e3, '10 kB'], [999.6e3, '1.0 MB'], [1.8e6, '1.8 MB'], [-34e6, '-34 MB'], [2e9, '2.0 GB'], [5e15, '5000 TB']]) {
    assert.equal(bytes(size), text)
  }
  assert.deepEqual([2e6, 2e4, 500].map(rate), ['2.0 MB/s', '1.2 MB/min', '1.8 MB/h'])
  assert.equal(bytes, require('../lib/cli/words').bytes)
  assert.equal(megabytes(5e6), '5.0 MB')
})

test('a time has the units that it is worth', () => {
  for (const [ms, text] of [[0, '0 ms'], [400, '400 ms'], [999.6, '1 s'], [45000, '45 s'], [97000, '1 min 37 s'], [3600000, '1 h'], [4e11, 'more than a year']]) {
    assert.equal(duration(ms), text)
  }
})

test('what somebody else said ends with one full stop', () => {
  for (const said of ['It is so', 'It is so.', 'It is so. ', 'It is so..']) assert.equal(sentence(said), 'It is so.')
})
