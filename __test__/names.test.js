'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { test } = require('node:test')
const { HIDDEN, isName, isSegment, named } = require('../lib/names')
const table = require('./names.json')

test('names of the code stay as they are', () => {
  for (const name of table.names) assert.equal(named(name), name)
})

test('tokens, addresses, card numbers and ids do not', () => {
  for (const text of table.data) {
    assert.equal(isName(text), false, text)
    assert.ok(named(text).includes(HIDDEN), text)
  }
  for (const [text, shown] of table.shown) assert.equal(named(text), shown)
})

test('what is random is hardly ever a name, and never a segment of a route', () => {
  const random = randomTexts()
  const shown = { uuid: 0, hex: 0, of24: 0, of16: 0 }
  for (let i = 0; i < 5000; i++) {
    const texts = {
      uuid: `${random(4, 'hex')}-${random(2, 'hex')}-${random(2, 'hex')}-${random(2, 'hex')}-${random(6, 'hex')}`,
      hex: random(16, 'hex'),
      of24: random(24, 'base64url'),
      of16: random(16, 'base64url')
    }
    for (const [kind, text] of Object.entries(texts)) {
      shown[kind] += isName(text)
      assert.equal(isSegment(text), false, text)
    }
  }
  // In a million: none, none, 2 and 61.
  assert.deepEqual({ ...shown, of16: 0 }, { uuid: 0, hex: 0, of24: 0, of16: 0 })
  assert.ok(shown.of16 <= 3, `${shown.of16} of 5000`)
})

/** The same ones in each run: among enough of them, some look like words. */
function randomTexts () {
  let count = 0
  return (bytes, encoding) => createHash('sha256').update(`text ${count++}`).digest().subarray(0, bytes).toString(encoding)
}

test('segments of routes stay, those of one thing among many do not', () => {
  for (const text of ['api', 'v2', 'v10', 'users', 'forgot-password', 'terms_of_service', 'favicon.ico', 'app.min.js', 'oauth2', 'userProfiles', 'well-known']) {
    assert.equal(isSegment(text), true, text)
  }
  for (const text of [...table.data, 'hunter2', 'user42', '42', 'how-to-tell-them-that-i-am-ill', '%2e%2e', 'a b', '']) {
    assert.equal(isSegment(text), false, text)
  }
})

test('a text of any length takes a moment', () => {
  for (const piece of ['a', 'A', 'aB', '1', ' ', '[', '(', '_', '%', 'é', 'a ', 'A1']) {
    const text = piece.repeat(100000)
    isName(text)
    isSegment(text)
    assert.ok(named(text).length < 1000)
  }
})
