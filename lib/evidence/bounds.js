'use strict'

const { plain } = require('../plain')

// What a suspect says holds names that the app and its clients chose: URLs, events, constructors. It
// goes into logs and alerts, so it is short there and only seen.

const LONGEST_SENTENCE = 300
const LONGEST_KEY = 300
const LONGEST_PART = 1000

/** @param {string} text for a person */
function brief (text) {
  return cut(plain(text), LONGEST_SENTENCE)
}

/** @param {string} name that tells apart: a hash stands for what is cut off. */
function keyOf (name, longest = LONGEST_KEY) {
  const text = plain(name)
  return text.length > longest ? `${text.slice(0, longest - 9)}~${hash(text)}` : text
}

/** All texts within a value that is JSON. */
function parts (value) {
  if (typeof value === 'string') return cut(plain(value), LONGEST_PART)
  if (Array.isArray(value)) return value.map(parts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, parts(part)]))
}

function cut (text, longest) {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text
}

/** FNV-1a, of 32 bits. */
function hash (text) {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return (sum >>> 0).toString(16).padStart(8, '0')
}

module.exports = { brief, keyOf, parts }
