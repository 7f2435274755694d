'use strict'

const { readFileSync } = require('node:fs')

/**
 * What is wrong with a heap snapshot's file: every count and every index in it is looked at.
 * @returns {string[]} empty when all is well
 */
function problemsOf (file) {
  let snapshot
  try {
    snapshot = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return [`not JSON: ${error.message}`]
  }
  const { snapshot: { meta, node_count: nodeCount, edge_count: edgeCount }, nodes, edges, strings } = snapshot
  const problems = []
  const width = meta.node_fields.length
  const edgeWidth = meta.edge_fields.length
  if (!(nodeCount > 10000)) problems.push(`only ${nodeCount} nodes`)
  if (nodes.length !== nodeCount * width) problems.push(`${nodes.length} node numbers for ${nodeCount} nodes of ${width}`)
  if (edges.length !== edgeCount * edgeWidth) problems.push(`${edges.length} edge numbers for ${edgeCount} edges of ${edgeWidth}`)
  const nameAt = meta.node_fields.indexOf('name')
  const countAt = meta.node_fields.indexOf('edge_count')
  let sum = 0
  for (let at = 0; at < nodes.length; at += width) {
    sum += nodes[at + countAt]
    if (!(nodes[at + nameAt] < strings.length)) return [...problems, `node at ${at} names no string`]
  }
  if (sum !== edgeCount) problems.push(`the nodes say ${sum} edges, the head ${edgeCount}`)
  const toAt = meta.edge_fields.indexOf('to_node')
  for (let at = toAt; at < edges.length; at += edgeWidth) {
    if (!(edges[at] < nodes.length && edges[at] % width === 0)) return [...problems, `edge at ${at} leads to no node`]
  }
  return problems
}

/** How many nodes of this name and type there are. */
function countNodes (file, type, name) {
  const { snapshot: { meta }, nodes, strings } = JSON.parse(readFileSync(file, 'utf8'))
  const width = meta.node_fields.length
  const typeAt = meta.node_fields.indexOf('type')
  const nameAt = meta.node_fields.indexOf('name')
  let count = 0
  for (let at = 0; at < nodes.length; at += width) {
    if (meta.node_types[typeAt][nodes[at + typeAt]] === type && strings[nodes[at + nameAt]] === name) count++
  }
  return count
}

module.exports = { problemsOf, countNodes }
