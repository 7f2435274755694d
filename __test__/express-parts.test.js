'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { Correlation } = require('../lib/express/correlation')
const { Histogram } = require('../lib/express/histogram')
const { createWriter } = require('../lib/express/logger')
const { unreadableErrors } = require('./helpers/unreadable')

/** The same numbers in every run. */
function createRandom (seed = 1) {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 4294967296
    return seed / 4294967296
  }
}

test('a quantile of the histogram is within 2 % of the true one', () => {
  const random = createRandom()
  for (const scale of [0.01, 1, 100, 10000]) {
    const histogram = new Histogram()
    const values = Array.from({ length: 2000 }, () => scale * Math.exp(4 * random()))
    for (const value of values) histogram.record(value)
    values.sort((a, b) => a - b)
    for (const quantile of [0.01, 0.5, 0.9, 0.99, 1]) {
      const expected = values[Math.ceil(quantile * values.length) - 1]
      const [actual] = histogram.quantiles([quantile])
      assert.ok(Math.abs(actual - expected) <= 0.02 * expected + 0.001, `${quantile}: ${actual} for ${expected}`)
    }
  }
})

test('an interval of the histogram knows only what came since', () => {
  const histogram = new Histogram()
  for (let i = 0; i < 100; i++) histogram.record(500)
  const before = histogram.counts.slice()
  assert.deepEqual(histogram.quantiles([0.5, 0.99], before), [null, null])
  histogram.record(0.02)
  assert.deepEqual(histogram.quantiles([0.5, 0.99], before), [0.02, 0.02])
})

test('a latency beyond all bounds is counted in the last bucket', () => {
  const histogram = new Histogram()
  for (const ms of [0, 1e12, Infinity]) histogram.record(ms)
  const [least, most] = histogram.quantiles([0.1, 1])
  assert.equal(least, 0)
  assert.ok(most > 4.2e6)
})

test('the correlation is Pearson\'s, over the last windows only', () => {
  const random = createRandom()
  const pairs = Array.from({ length: 100 }, (_, i) => [i + 30 * random(), 1e6 * i])
  const correlation = new Correlation(60)
  for (const pair of pairs) correlation.push(...pair)
  const last = pairs.slice(-60)
  const mean = (i) => last.reduce((sum, pair) => sum + pair[i], 0) / last.length
  const [x, y] = [mean(0), mean(1)]
  const sum = (f) => last.reduce((total, [a, b]) => total + f(a - x, b - y), 0)
  const expected = sum((a, b) => a * b) / Math.sqrt(sum((a) => a * a) * sum((a, b) => b * b))
  assert.ok(Math.abs(correlation.coefficient() - expected) < 1e-9)
  assert.ok(expected > 0.5 && expected < 1)
})

test('the correlation is null while it would mean nothing', () => {
  const correlation = new Correlation()
  for (let i = 0; i < 7; i++) correlation.push(i, i)
  assert.equal(correlation.coefficient(), null, 'too few windows')
  correlation.push(7, 7)
  assert.equal(correlation.coefficient(), 1)
  const level = new Correlation()
  for (let i = 0; i < 20; i++) level.push(i, 50e6)
  assert.equal(level.coefficient(), null, 'memory that never changed')
})

test('a logger that throws or rejects with what cannot be read harms nobody', async () => {
  const warnings = []
  const onWarning = (warning) => { if (warning.code === 'ERR_TIDEMARK_LOGGER') warnings.push(warning.message) }
  process.on('warning', onWarning)
  const thrown = unreadableErrors()
  for (const error of thrown) {
    createWriter({ info () { throw error } })({}, 'line')
    createWriter({ async info () { throw error } })({}, 'line')
  }
  await new Promise(setImmediate)
  process.off('warning', onWarning)
  assert.equal(warnings.length, 2 * thrown.length)
  for (const message of warnings) assert.match(message, /^The `logger` threw: something that cannot be read\./)
})
