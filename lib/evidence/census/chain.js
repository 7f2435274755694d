'use strict'

const { getOwnPropertyDescriptor, isArray, isMap, isReadable, isSet, own, prototypeOf } = require('./read')

/** Nodes of one list that are counted: 50,000 take some 8 ms. */
const MAX_NODES = 50000
/** Nodes, linked by the same property, from which on objects are a linked list. */
const LEAST = 3

/**
 * The property that leads from the head of a linked list to its next node, and from there to the next.
 * @param {object} head
 * @param {(string | symbol)[]} keys of its own
 * @returns {string | symbol | undefined}
 */
function linkOf (head, keys) {
  if (typeof head !== 'object' || isArray(head) || isMap(head) || isSet(head)) return undefined
  const prototype = prototypeOf(head)
  return keys.find((key) => {
    if (key === 'stack') return false // reading it runs Error.prepareStackTrace
    let node = head
    for (let i = 0; i < LEAST; i++) {
      node = getOwnPropertyDescriptor(node, key)?.value
      if (!isReadable(node) || node === head || typeof node !== 'object' || prototypeOf(node) !== prototype) return false
    }
    return true
  })
}

/**
 * The first nodes of a list.
 * @param {object} head
 * @param {string | symbol | undefined} link undefined: it is none any more
 * @param {number} count
 * @returns {object[]}
 */
function nodesOf (head, link, count) {
  const nodes = []
  for (let node = head; nodes.length < count && isReadable(node); node = own(node, link)) {
    if (node === head && nodes.length > 0) break
    nodes.push(node)
  }
  return nodes
}

/** @returns {number} nodes from the head on, at most 50,000; of a ring, once round */
function lengthOf (head, link) {
  let count = 0
  for (let node = head; count < MAX_NODES && isReadable(node) && (node !== head || count === 0); node = own(node, link)) count++
  return count
}

module.exports = { lengthOf, linkOf, nodesOf }
