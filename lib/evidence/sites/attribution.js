'use strict'

const { nameInPackage } = require('../file-name')
const { packageOf } = require('../package-of')
const { NODE_KEY } = require('../suspect')

/**
 * Where something was allocated, as a person would put it. `frame` is the function, of a package the
 * one that allocated most; null for Node.js itself. `callers` are functions of the application that
 * a package's allocations are spread over.
 * @typedef {{
 *   key: string,
 *   owner: 'app' | 'package' | 'node',
 *   frame: import('./stacks').Frame | null,
 *   callers: number
 * }} Site
 */

/** Functions of the application that call a package, and the largest share of one, from which on the package itself is the cause. */
const MANY_CALLERS = 3
const MOST = 0.6

const NODE = { key: NODE_KEY, owner: 'node', frame: null, callers: 0 }

/**
 * Says for each node of a profile which site it belongs to: the nearest function of the application;
 * the package where there is none, or where the application calls it from everywhere, as it does a
 * session store that saves with every response; Node.js itself where there is neither.
 * @param {InstanceType<typeof import('./stacks').Stacks>} stacks
 * @param {{size: number, nodeId: number}[]} samples of what stayed
 * @returns {(nodeId: number) => Site}
 */
function attribution (stacks, samples) {
  const callers = sharedPackages(stacks, samples)
  const sites = new Map()
  const once = (key, make) => {
    if (!sites.has(key)) sites.set(key, make())
    return sites.get(key)
  }
  const siteOf = (nodeId) => {
    const { app, package: inner } = stacks.allocatorOf(nodeId)
    const name = inner === null ? null : packageOf(inner.location.file)
    if (app !== null && !callers.has(name)) {
      const key = functionKey(app)
      return once(key, () => ({ key, owner: 'app', frame: app, callers: 0 }))
    }
    if (inner === null) return NODE
    return once(name, () => ({ key: name, owner: 'package', frame: inner, callers: callers.get(name) ?? 0 }))
  }
  // There are many samples to a node.
  const ofNode = new Map()
  return (nodeId) => {
    if (!ofNode.has(nodeId)) ofNode.set(nodeId, siteOf(nodeId))
    return ofNode.get(nodeId)
  }
}

/** By name, how many functions of the application call a package that allocates for all of them. */
function sharedPackages (stacks, samples) {
  const byPackage = new Map()
  for (const { size, nodeId } of samples) {
    const { app, package: inner } = stacks.allocatorOf(nodeId)
    if (app === null || inner === null) continue
    const name = packageOf(inner.location.file)
    const byCaller = byPackage.get(name) ?? new Map()
    byPackage.set(name, byCaller)
    byCaller.set(app, (byCaller.get(app) ?? 0) + size)
  }
  const shared = new Map()
  for (const [name, byCaller] of byPackage) {
    const sizes = [...byCaller.values()]
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (sizes.length >= MANY_CALLERS && Math.max(...sizes) <= total * MOST) shared.set(name, sizes.length)
  }
  return shared
}

/** The same in every process that runs the same code. */
function functionKey ({ location, name }) {
  return `${nameInPackage(location.file)}:${name ?? `(anonymous):${location.line}`}`
}

module.exports = { attribution }
