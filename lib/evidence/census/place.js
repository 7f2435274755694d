'use strict'

const path = require('node:path')
const { originOf } = require('../file-name')
const { HIDDEN, isName, named } = require('../../names')
const { packageOf } = require('../package-of')
const { sourceOf } = require('../source-maps')

/**
 * Where something was found, as a chain back to an anchor: a name in the source that a person can
 * look up. Strings and numbers only, so that a place keeps nothing of the app alive.
 *
 * @typedef {{
 *   kind: 'variable' | 'module' | 'global' | 'root' | 'property' | 'private' | 'entry',
 *   name: string,
 *   owner?: string,
 *   fills?: Map<string, import('./mention').Mention>[],
 *   site?: import('./mention').Mention,
 *   parent?: Place,
 *   file?: string,
 *   cap?: number,
 *   rank: number,
 *   distance: number
 * }} Place
 * `owner` is the constructor of what has the property, `fills` where its methods fill their fields, `site` where a function names the variable, `file` where the anchor is, `cap` how many
 * entries the code compares their number with, `rank` how good
 * the anchor is (0 is best), `distance` how many steps it is away.
 */

const RANK = { app: 0, global: 1, dependency: 2, other: 4 }
const ANCHORS = new Set(['variable', 'module', 'global', 'root'])

/** Begins a chain. */
function anchor (kind, name, file, details) {
  return { kind, name, file, rank: rankOf(kind, file), distance: 0, ...details }
}

/** One step further: a property, a private field or an entry. */
function step (parent, kind, name, owner, fills) {
  return { kind, name, owner, fills, parent, file: parent.file, rank: parent.rank, distance: parent.distance + 1 }
}

/** Whether `one` is the better way to say it; of two equal ones, where it tells the line that fills it. */
function isBetter (one, other) {
  const difference = one.rank * 2 + one.distance - other.rank * 2 - other.distance
  return difference < 0 || (difference === 0 && (one.site?.quality ?? 0) > (other.site?.quality ?? 0))
}

function rankOf (kind, file) {
  if (kind === 'global') return RANK.global
  if (file === undefined) return RANK.other
  return isDependency(file) ? RANK.dependency : RANK.app
}

function isDependency (file) {
  return file.includes('/node_modules/') || file.includes('\\node_modules\\')
}

/** Of a package, and no object of a class leads to it: most likely a table that never changes. @param {Place} place */
function isPackageTable (place) {
  const chain = chainOf(place)
  return chain[0].file !== undefined && isDependency(chain[0].file) && chain.every(({ owner }) => owner === undefined || PLAIN.has(owner))
}

/** Steps that are still readable after an anchor: `app.locals.cache.byId`. */
const MAX_STEPS = 4

/** Owners that say nothing. */
const PLAIN = new Set(['Object', 'Array', 'Map', 'Set', 'function', 'Function', 'AsyncFunction'])

/**
 * In words: '`requests` in app.js', '`search.cache.__data__` in app.js, part of a MapCache',
 * '`sessions` of MemoryStore (express-session)'.
 * @param {Place} place
 */
function describePlace (place) {
  const chain = chainOf(place)
  const [begin] = chain
  const owned = chain.findIndex(({ kind, owner }) => kind !== 'entry' && owner !== undefined && !PLAIN.has(owner))
  const owner = owned === -1 ? undefined : chain[owned].owner
  if (begin.kind === 'root') {
    if (chain.length === 1) return begin.name
    return owner === undefined ? `\`${tail(chain.slice(1))}\` of ${begin.name}` : `\`${tail(chain.slice(owned))}\` of ${owner}`
  }
  const origin = packageOf(begin.file)
  if (origin !== undefined && owner !== undefined) return `\`${tail(chain.slice(owned))}\` of ${owner} (${origin})`
  const name = chain.length - 1 <= MAX_STEPS ? expression(chain) : `${expression([begin])}…${expression(chain.slice(-2))}`
  const where = begin.file === undefined || begin.kind === 'module' ? '' : ` in ${origin ?? path.basename(sourceOf(begin.file))}`
  return `\`${name}\`${where}${owner === undefined ? '' : `, part of ${article(owner)}`}`
}

/** 'an LRUCache', 'a Map'. */
function article (name) {
  return `${/^(?:[AEIO]|U(?:p|n(?!i))|LRU|[FHLMNRSX][A-Z])/.test(name) ? 'an' : 'a'} ${name}`
}

function tail (chain) {
  const text = expression(chain.length <= MAX_STEPS ? chain : [chain[0], ...chain.slice(-2)])
  return text.startsWith('.') ? text.slice(1) : text
}

function chainOf (place) {
  const chain = []
  for (let at = place; at !== undefined; at = ANCHORS.has(at.kind) ? undefined : at.parent) chain.unshift(at)
  return chain
}

/** Keys that are data (ids, addresses) are neither the same in every process nor anybody's business, and code seldom has longer ones. */
const IDENTIFIER = /^#?[A-Za-z_$][\w$]{0,39}$/
const SYMBOL = /^Symbol\([\w$. -]{1,40}\)$/

function expression (chain) {
  let text = ''
  for (const { kind, name } of chain) {
    if (kind === 'entry') text += HIDDEN
    else if (kind === 'module') text += `require('${name}')`
    else if (kind === 'global') text += isName(name) ? name : `globalThis${HIDDEN}`
    else if (ANCHORS.has(kind)) text += name
    else if (IDENTIFIER.test(name) && isName(name)) text += `.${name}`
    else text += SYMBOL.test(name) && named(name) === name ? `[${name}]` : HIDDEN
  }
  return text
}

/** The same in every process that runs the same code: no folders above the app, no ids. */
function keyOf (place) {
  const chain = chainOf(place)
  const { file } = chain[0]
  const origin = file === undefined ? chain[0].kind : originOf(file)
  return `${origin}:${expression(chain)}`
}

module.exports = { anchor, article, chainOf, describePlace, isBetter, isDependency, isPackageTable, keyOf, step }
