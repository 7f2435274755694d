'use strict'

const { functionName } = require('../../names')
const { own, source } = require('./read')

/** Longer functions are not searched: a bundle in one function would cost more than it tells. */
const MAX_SOURCE = 100000

const ARROW = /^(?:async\s*)?(?:\(|[\p{ID_Continue}$]+\s*=>)/u

const FILLS = 'set|add|push|unshift|splice|append|insert|put|save|store|enqueue|on|once|addListener|prependListener|addEventListener|labels|register|subscribe'

/** What follows the name of what is filled. Bounded, as sources may be made by programs. */
const FILLED = `(?:[\\w$.?]{0,100}\\.(?:${FILLS})\\s{0,100}\\(|[\\w$.?]{0,100}\\s{0,100}\\[[^\\]\\n]{0,200}\\]\\s{0,100}(?:\\?\\?|\\|\\|)?=(?!=))`
const FILLED_FIELD = new RegExp(`(?<![\\w$.])this\\.(#?[A-Za-z_$][\\w$]{0,99})(?![\\w$])${FILLED}`, 'g')
const MAX_FIELDS = 100
/** A comparison with fewer asks for something else, such as whether there are any. */
const LEAST_CAP = 16

/**
 * A place in the code; `begin`: of the function that it is in.
 * @typedef {{file: string, line: number, column: number, function: string | null, begin: {file: string, line: number, column: number}, quality: number}} Mention
 */

/**
 * Where in a function a variable is filled: `requests.set(`, `waiting.push(`, `cache[id] =`. Better
 * than the line where the function begins, and had without running or parsing anything.
 *
 * @param {Function} fn
 * @param {{file: string, line: number, column: number}} begin as V8 gives it, from 1
 * @param {string} name of the variable
 * @param {number} [best] the quality that is already known
 * @returns {Mention | undefined}
 *   `quality` is above 2 where it is filled, above 1 where it is only named, and the more so the
 *   shorter the function: of two that contain the place, one is within the other
 */
function mentionOf (fn, begin, name, best = 0) {
  const text = source(fn)
  if (text.length > MAX_SOURCE || best >= 2 + 1 / (text.length + 2) || !text.includes(name)) return undefined
  const word = `(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`
  const filled = new RegExp(word + FILLED).exec(text)
  const named = filled ?? new RegExp(word).exec(text)
  if (named === null) return undefined
  return mention(fn, begin, text, named.index, filled === null ? 1 : 2)
}

/**
 * Where a method fills what its object holds: `this.cache.set(`, `this.#waiting.push(`.
 * @param {Function} fn
 * @param {{file: string, line: number, column: number}} begin
 * @param {Map<string, Mention>} into by field; the better mention stays
 */
function noteFills (fn, begin, into) {
  const text = source(fn)
  if (text.length > MAX_SOURCE || !text.includes('this.')) return
  for (const { 1: field, index } of text.matchAll(FILLED_FIELD)) {
    if (!into.has(field) && into.size >= MAX_FIELDS) return
    const found = mention(fn, begin, text, index, 2)
    if (found.quality > (into.get(field)?.quality ?? 0)) into.set(field, found)
  }
}

/** What a number of entries is compared with: a number, or the name of a variable that has it. */
const COMPARED = '\\.(?:size|length)\\s*(?:>=?|===?|<=?)\\s*(\\d[\\d_]*(?:e\\d+)?|[A-Za-z_$][\\w$]*)'

/**
 * How many entries a variable may have where a function compares their number with one, as in
 * `if (heads.size > 100000) heads.delete(...)`: who does so means to end it.
 * @param {Function} fn
 * @param {string} name of the variable
 * @param {(name: string) => unknown} valueOf of another variable
 * @returns {number | undefined} the largest
 */
function capIn (fn, name, valueOf) {
  const text = source(fn)
  if (text.length > MAX_SOURCE || !(text.includes(`${name}.size`) || text.includes(`${name}.length`))) return undefined
  const caps = []
  const compared = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}${COMPARED}`, 'g')
  for (const { 1: most } of text.matchAll(compared)) {
    const cap = /^\d/.test(most) ? Number(most.replaceAll('_', '')) : valueOf(most)
    if (typeof cap === 'number' && cap >= LEAST_CAP) caps.push(cap)
  }
  return caps.length === 0 ? undefined : Math.max(...caps)
}

function mention (fn, begin, text, index, quality) {
  const name = own(fn, 'name')
  // The location that V8 gives is that of the parameters, of an arrow function with its `async`.
  const open = ARROW.test(text) ? 0 : Math.max(0, Math.min(text.indexOf('('), index))
  const before = text.slice(open, index)
  const lines = before.split('\n')
  return {
    file: begin.file,
    line: begin.line + lines.length - 1,
    column: lines.length === 1 ? begin.column + before.length : lines.at(-1).length + 1,
    function: typeof name === 'string' ? functionName(name) : null,
    begin,
    quality: quality + 1 / (text.length + 2)
  }
}

module.exports = { capIn, mentionOf, noteFills }
