'use strict'

const { applicationFrame, isApplicationFile } = require('../app-frame')
const { functionName: shownName } = require('../../names')
const { toPath } = require('../to-path')

/** @typedef {import('../suspect').Location} Location */

/**
 * A node of a profile, as V8 has it.
 * @typedef {{
 *   id: number,
 *   callFrame: {url: string, scriptId: string, lineNumber: number, columnNumber: number, functionName: string},
 *   selfSize: number,
 *   children: ProfileNode[]
 * }} ProfileNode
 *
 * A function on a stack. `location` is where it begins, null for what is neither the application's
 * nor a package's; `begins` the same where V8 has it, source maps not applied.
 * @typedef {{name: string | null, url: string} & ({owner: 'app' | 'package', location: Location, begins: string} |
 *   {owner: 'node', location: null, begins: null})} Frame
 * @typedef {Extract<Frame, {owner: 'app' | 'package'}>} Located
 *
 * Whose code allocated at the end of a stack: the nearest function of the application, and the
 * innermost of a package where that is nearer. Both null where only Node.js is on the stack.
 * @typedef {{app: Located | null, package: Located | null}} Allocator
 */

/**
 * The stacks of a sampling heap profile, and whose code each of them is.
 */
class Stacks {
  /** By id of the profile's node: its parent's id and its call frame. */
  #nodes = new Map()
  #allocators = new Map()
  #frames = new Map()

  /**
   * Reads another profile of the same sampling; ids of nodes mean the same in all of them.
   * @param {{head: ProfileNode}} profile
   */
  read ({ head }) {
    /** @type {[node: ProfileNode, parent: number][]} */
    const open = [[head, 0]]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [{ id, callFrame, children }, parent] = next
      if (!this.#nodes.has(id)) this.#nodes.set(id, { parent, callFrame })
      for (const child of children) open.push([child, id])
    }
  }

  /**
   * The functions of a stack, the innermost first.
   * @param {number} nodeId
   * @returns {Frame[]}
   */
  framesOf (nodeId) {
    const frames = []
    for (let node = this.#nodes.get(nodeId); node !== undefined; node = this.#nodes.get(node.parent)) {
      // The root, and what V8 allocates where no JavaScript runs.
      if (node.parent !== 0) frames.push(this.frameOf(node.callFrame))
    }
    return frames
  }

  /**
   * @param {number} nodeId
   * @returns {Allocator}
   */
  allocatorOf (nodeId) {
    let allocator = this.#allocators.get(nodeId)
    if (allocator === undefined) {
      allocator = findAllocator(this.framesOf(nodeId))
      this.#allocators.set(nodeId, allocator)
    }
    return allocator
  }

  /**
   * @param {{url: string, scriptId: string, lineNumber: number, columnNumber: number, functionName: string}} callFrame
   * @returns {Frame}
   */
  frameOf (callFrame) {
    const { url, scriptId, lineNumber, columnNumber, functionName } = callFrame
    const key = `${scriptId}:${lineNumber}:${columnNumber}:${functionName}`
    let frame = this.#frames.get(key)
    if (frame === undefined) {
      frame = toFrame({ url, functionName, lineNumber: lineNumber + 1, columnNumber: columnNumber + 1 })
      this.#frames.set(key, frame)
    }
    return frame
  }
}

/** @returns {Frame} */
function toFrame (callFrame) {
  const location = applicationFrame([callFrame])
  const name = shownName(callFrame.functionName)
  if (location === null) return { owner: 'node', name, location: null, begins: null, url: callFrame.url }
  return {
    owner: isApplicationFile(location.file) ? 'app' : 'package',
    name: location.function ?? name,
    location,
    begins: `${toPath(callFrame.url)}:${callFrame.lineNumber}:${callFrame.columnNumber}`,
    url: callFrame.url
  }
}

/**
 * A function of the application that only passed a request on has no part in what follows.
 * @param {Frame[]} frames the innermost first
 * @returns {Allocator}
 */
function findAllocator (frames) {
  const app = frames.findIndex(({ owner }) => owner === 'app')
  const inner = frames.findIndex(({ owner }) => owner === 'package')
  const calls = app >= 0 && !passesOn(frames, app)
  return {
    app: calls ? /** @type {Located} */ (frames[enclosing(frames, app)]) : null,
    package: inner >= 0 && !(calls && inner > app) ? /** @type {Located} */ (frames[inner]) : null
  }
}

/**
 * A callback without a name that a function further up the same file gave to a builtin, such as
 * Array.prototype.map, is a part of that function to a person.
 */
function enclosing (frames, index) {
  if (frames[index].name !== null) return index
  const isBuiltin = ({ owner, url }) => owner === 'node' && url === ''
  let outer = index + 1
  while (outer < frames.length && isBuiltin(frames[outer])) outer += 1
  if (outer === index + 1 || outer === frames.length || frames[outer].owner !== 'app') return index
  const [inner, around] = [frames[index].location, frames[outer].location]
  return inner.file === around.file && inner.line >= around.line ? enclosing(frames, outer) : index
}

/**
 * Whether the function at this index did no more than call the next handler of a chain: Express' and
 * Connect's `next`, or koa-compose's `dispatch`. Others call a function that too, so it must also be
 * the one that called this handler.
 */
function passesOn (frames, index) {
  const called = frames[index - 1]
  if (called?.owner !== 'package') return false
  if (called.name === 'next') return true
  return called.name === 'dispatch' && frames.slice(index + 1).some(({ begins }) => begins === called.begins)
}

module.exports = { Stacks, findAllocator, passesOn }
