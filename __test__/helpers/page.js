'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const vm = require('node:vm')

/**
 * A page loads nothing, allows its own style and script and no other, and its script begins to run.
 * @param {string} html
 * @returns {any} the data that it shows
 */
function checkPage (html) {
  assert.match(html, /^<!doctype html>/)
  assert.match(html, /default-src 'none'/)
  assert.doesNotMatch(html, /\b(?:src|href)\s*=|@import|url\(|https?:(?!\/\/www\.w3\.org\/2000\/svg)/i, 'loads nothing')
  const [style, script] = [/<style>(.*?)<\/style>/s, /<script>(.*?)<\/script>/s].map((part) => part.exec(html)[1])
  for (const part of [style, script]) assert.ok(html.includes(`'sha256-${createHash('sha256').update(part).digest('base64')}'`))
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)[1]
  const asked = []
  const document = { getElementById: (id) => ({ get textContent () { asked.push(id); return data }, clientWidth: 1000 }) }
  // There is no page to draw on.
  assert.throws(() => vm.runInNewContext(script, { document }), TypeErrorOfAnyContext)
  assert.deepEqual(asked, ['data'], 'the script reads the data')
  return JSON.parse(data)
}

const TypeErrorOfAnyContext = (error) => error.name === 'TypeError' || error.name === 'ReferenceError'

module.exports = { checkPage }
