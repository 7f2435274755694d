'use strict'

const assert = require('node:assert/strict')
const { randomBytes, randomUUID } = require('node:crypto')
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

test('what is random is no name', () => {
  for (let i = 0; i < 2000; i++) {
    for (const text of [randomUUID(), randomBytes(16).toString('hex'), randomBytes(24).toString('base64url')]) {
      assert.equal(isName(text), false, text)
      assert.equal(isSegment(text), false, text)
    }
  }
})

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
