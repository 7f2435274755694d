'use strict'

/**
 * What grew between two censuses. An earlier one knows the sizes of all that it met, not only of what
 * it lists, and which container had which: but of itself only, not of its JSON.
 *
 * @typedef {{byContainer: WeakMap<object, number>, byKey: Map<string, number[]>, isComplete: boolean}} Sizes
 *   `isComplete`: what is not there was not there, or empty
 */

/** By the census that was given away. @type {WeakMap<object, Sizes>} */
const remembered = new WeakMap()

/**
 * @param {object} census
 * @param {import('./ledger').Record[]} records all that were met
 * @param {boolean} isComplete
 */
function remember (census, records, isComplete) {
  const byContainer = new WeakMap()
  for (const { ref, last } of records) {
    const container = ref.deref()
    if (container !== undefined) byContainer.set(container, last.size)
  }
  remembered.set(census, { byContainer, byKey: sizesByKey(records.map(({ key, last }) => ({ key, size: last.size }))), isComplete })
}

/**
 * @param {import('../../..').Census} since an earlier one, or its JSON
 * @param {import('./ledger').Record[]} records all that were met
 * @param {number} most that a census lists of a kind
 * @returns {{record: import('./ledger').Record, sizeThen: number}[]} the most new entries first
 */
function whatGrew (since, records, most) {
  const then = remembered.get(since) ?? sizesListed(since, most)
  const keys = sizesByKey(records.map(({ key, last }) => ({ key, size: last.size })))
  return records
    .flatMap((record) => {
      const size = sizeThen(record, then, keys)
      return typeof size === 'number' && record.last.size > size ? [{ record, sizeThen: size }] : []
    })
    .sort((one, other) => (other.record.last.size - other.sizeThen) - (one.record.last.size - one.sizeThen))
}

/** @returns {number | undefined} */
function sizeThen ({ key, ref }, then, keys) {
  const size = then.byContainer.get(ref.deref())
  if (size !== undefined) return size
  const sizes = then.byKey.get(key)
  if (sizes === undefined) return then.isComplete ? 0 : undefined
  // Of several that share a key nobody knows which was which.
  return sizes.length === 1 && keys.get(key).length === 1 ? sizes[0] : undefined
}

/** @param {import('../../..').Census} census @param {number} most @returns {Sizes} */
function sizesListed ({ containers, emitters, cost }, most) {
  const listed = [...containers, ...emitters]
  const isComplete = cost?.truncated === false && containers.length < most && emitters.length < most && !listed.some(isOneOfSeveral)
  // What has others of its name is not told apart from them.
  return { byContainer: new WeakMap(), byKey: sizesByKey(listed.flatMap((entry) => isOneOfSeveral(entry) ? [entry, entry] : [entry])), isComplete }
}

/** @param {{alike?: number}} entry */
function isOneOfSeveral ({ alike = 0 }) {
  return alike > 0
}

function sizesByKey (entries) {
  const byKey = new Map()
  for (const entry of entries) {
    const sizes = byKey.get(entry?.key)
    if (sizes === undefined) byKey.set(entry?.key, [entry?.size])
    else sizes.push(entry?.size)
  }
  return byKey
}

module.exports = { remember, whatGrew }
