'use strict'

const { spanOf } = require('../evidence/sites/growth')

/** A flame graph of more would be slow to open, and show no more. */
const MOST_NODES = 8000

/** What is younger than this share of all samples may yet die. */
const SETTLED = 0.75

/**
 * @typedef {{
 *   frame: import('../evidence/sites/stacks').Frame | null,
 *   total: number,
 *   self: number,
 *   growth: number,
 *   children: GrowthNode[]
 * }} GrowthNode bytes alive; `total` and `growth` with all that it calls, `frame` null for the root
 */

/** @typedef {{id: number, selfSize: number, callFrame: import('node:inspector').Runtime.CallFrame, children: ProfileNode[]}} ProfileNode */

/**
 * The last profile as a tree of functions, with what each gained since the first.
 * @param {{samples: object[]}} first
 * @param {{head: ProfileNode, samples: object[]}} last
 * @param {InstanceType<typeof import('../evidence/sites/stacks').Stacks>} stacks
 * @returns {GrowthNode} the heaviest branches where there are too many; children by size
 */
function growthTree (first, last, stacks) {
  const before = settledBytes(first)
  const after = settledBytes(last)
  const root = build(last.head, null)
  prune(root)
  return root

  /** @param {ProfileNode} node @param {number | null} parent @returns {GrowthNode} */
  function build ({ id, selfSize, callFrame, children: calls }, parent) {
    const children = calls.map((child) => build(child, id)).sort((one, other) => other.total - one.total)
    return {
      frame: parent === null ? null : stacks.frameOf(callFrame),
      self: selfSize,
      total: selfSize + sum(children.map(({ total }) => total)),
      growth: (after.get(id) ?? 0) - (before.get(id) ?? 0) + sum(children.map(({ growth }) => growth)),
      children
    }
  }
}

/** By node, the bytes of samples that are old enough to have settled. */
function settledBytes (profile) {
  const limit = spanOf(profile) * SETTLED
  const bytes = new Map()
  for (const { size, nodeId, ordinal } of profile.samples) {
    if (ordinal <= limit) bytes.set(nodeId, (bytes.get(nodeId) ?? 0) + size)
  }
  return bytes
}

function prune (root) {
  const totals = []
  const collect = ({ total, children }) => {
    totals.push(total)
    children.forEach(collect)
  }
  collect(root)
  if (totals.length <= MOST_NODES) return
  const least = totals.sort((one, other) => other - one)[MOST_NODES]
  const cut = (node) => {
    node.children = node.children.filter(({ total }) => total > least)
    node.children.forEach(cut)
  }
  cut(root)
}

function sum (numbers) {
  return numbers.reduce((total, each) => total + each, 0)
}

module.exports = { growthTree, MOST_NODES }
