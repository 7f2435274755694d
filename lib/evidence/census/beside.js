'use strict'

const { types } = require('node:util')
const { isArray, isReadable, own, ownKeys } = require('./read')
const { expectedOf } = require('../expected')
const { isCapName, plainName } = require('./cap-name')
const { keysNamedByClass } = require('./named-keys')
const { isCrowded } = require('./size')
const { isPlain } = require('./shape')

/** An object with more properties is no cache with its settings. */
const MAX_PROPERTIES = 60
/** Where caches keep what they were told. @type {Set<string | symbol>} */
const SETTINGS = new Set(['options', 'opts', '_options', 'settings', 'config'])
/** Arrays with fewer slots are nothing that was made for a cache. */
const LEAST_SLOTS = 16
/** Of a cap on something else than entries, such as bytes: how much of it is used. */
const USED = new Set(['calculatedsize', 'totalsize', 'currentsize', 'length'])

/**
 * What is beside a container: the numbers and arrays that its owner has, also in private fields, as a cache
 * has its cap and the values of its keys.
 * @param {object | undefined} owner
 * @param {object} container
 * @param {InstanceType<typeof import('./scopes').Scopes> | undefined} scopes
 * @param {boolean} careful the owner may be a dictionary that is too large to be listed
 * @returns {{numbers: [string, number][], lists: object[]}}
 */
function besideOf (owner, container, scopes, careful) {
  /** @type {[string, number][]} */
  const numbers = []
  /** @type {object[]} */
  const lists = []
  const see = (name, value) => {
    if (typeof value === 'number') numbers.push([plainName(name), value])
    else if (isReadable(value) && isArray(value) && value !== container) lists.push(value)
  }
  try {
    if (owner === undefined || isArray(owner) || isCrowded(owner) || (careful && isPlain(owner))) return { numbers, lists }
    const keys = careful ? keysNamedByClass(owner) : ownKeys(owner)
    if (keys.length > MAX_PROPERTIES) return { numbers, lists }
    for (const key of keys) {
      if (key === 'stack') continue // reading it runs Error.prepareStackTrace
      const value = own(owner, key)
      if (!SETTINGS.has(key) || !isReadable(value)) see(key, value)
      else if (!careful && !types.isNativeError(value)) for (const name of ownKeys(value).slice(0, MAX_PROPERTIES)) see(name, own(value, name))
    }
    if (!careful) scopes?.readHidden([owner], ({ name, value }) => see(name, value), true)
  } catch {
    // What cannot be read says nothing.
  }
  return { numbers, lists }
}

/**
 * How many entries a container may have, where it says so: a cache's own cap, one that the code compares
 * its size with, or one that the app declared.
 * @param {{container: object, owner?: object, record: import('./ledger').Record, numbers: [string, number][], lists: object[]}} what
 * @returns {number | undefined} undefined where there is none, or where there are more entries already
 */
function capOf ({ container, owner, record, numbers, lists }) {
  const size = record.last.size
  const declared = expectedOf(container) ?? expectedOf(owner)
  if (declared !== undefined) return declared >= size ? declared : undefined
  const caps = record.place.cap === undefined ? [] : [record.place.cap]
  for (const [name, most] of numbers) if (isCapName(name)) caps.push(inEntries(most, size, name, numbers))
  caps.push(...minified(size, numbers, lists))
  return caps.filter((cap) => Number.isFinite(cap) && cap >= size && cap > 0).sort((one, other) => one - other)[0]
}

/**
 * Private fields of a minified cache have lost their names. An array that was made with as many slots as a number
 * says has room for as many entries. And lru-cache leaves the most that one entry may have where people can see it,
 * which is what all may have unless the app says otherwise.
 */
function minified (size, numbers, lists) {
  const values = numbers.map(([, value]) => value)
  const slots = lists.map((list) => own(list, 'length')).filter((length) => length >= LEAST_SLOTS && length > size && values.includes(length))
  const most = numbers.find(([name]) => name === 'maxentrysize')?.[1]
  const used = Math.max(...values.filter((value) => value < most))
  const isAll = most > 0 && values.filter((value) => value === most).length > 1 && used > size
  return isAll ? [...slots, Math.floor(size * most / used)] : slots
}

/** A cap may be on bytes, or on what a function of the app makes of a value. */
function inEntries (most, size, name, numbers) {
  const used = numbers.find(([other]) => USED.has(other))?.[1]
  if (!(used > 0) || !/size|^max$/.test(name)) return most
  return used > most ? NaN : Math.floor(size * most / used)
}

module.exports = { besideOf, capOf }
