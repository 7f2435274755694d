'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { sentence } = require('../lib/errors')
const format = require('../lib/format')
const examples = require('./format.json')

test('numbers read as in Rust', () => {
  for (const [name, rows] of Object.entries(examples)) {
    for (const [value, text] of rows) assert.equal(format[name](value), text, `${name} of ${value}`)
  }
})

test('a number that is not known, a rate and a share have their words', () => {
  assert.deepEqual([NaN, Infinity].map(format.bytes), ['unknown', 'unknown'])
  assert.deepEqual([2e6, 2e4, 500].map(format.rate), ['2.0 MB/s', '1.2 MB/min', '1.8 MB/h'])
  assert.deepEqual([0, 0.042, 0.0999, 0.97, 1].map(format.percent), ['0 %', '4.2 %', '10 %', '97 %', '100 %'])
})

test('what somebody else said ends with one full stop', () => {
  for (const said of ['It is so', 'It is so.', 'It is so. ', 'It is so..']) assert.equal(sentence(said), 'It is so.')
})
