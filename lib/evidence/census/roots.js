'use strict'

const Module = require('node:module')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
// What is our own is not what leaks, and walking it would find the census itself.
const { isOwnFile, ownClasses } = require('../own-files')
const { packageOf } = require('../package-of')
const { anchor, isDependency, step } = require('./place')
const { getOwnPropertyDescriptor, isReadable, nameConstructor, own, ownKeys, typeName } = require('./read')

/** Sockets and the like come by the thousand, all of one make. */
const MAX_HANDLES_A_TYPE = 20
const MAX_MODULES = 5000
const MAX_GLOBALS = 500
const MAX_EXPORTS = 100

/** @returns {string[]} files of the CommonJS modules that are loaded, the app's own first */
function loadedFiles () {
  const cache = own(Module, '_cache')
  if (!isReadable(cache)) return []
  const files = ownKeys(cache).filter((key) => typeof key === 'string').slice(0, MAX_MODULES)
  return [...files.filter((file) => !isDependency(file)), ...files.filter(isDependency)]
}

/** Not `require`, which a bundler that does not know the name at build time makes into an error. */
const requireBuiltin = Module.createRequire(process.execPath)

/** @returns {string[]} 'NativeModule fs' */
function loadedBuiltins () {
  return /** @type {NodeJS.Process & {moduleLoadList?: string[]}} */ (process).moduleLoadList ?? []
}

function exportsOf (file) {
  const module = own(own(Module, '_cache'), file)
  return isReadable(module) ? own(module, 'exports') : undefined
}

/**
 * Node's own functions and classes, which need no look. Only of modules that are loaded already, so
 * that asking for them loads nothing.
 * @param {(value: object) => void} skip
 */
function * eachBuiltin (skip) {
  for (const entry of loadedBuiltins()) {
    const id = String(entry).replace(/^NativeModule /, '')
    if (!Module.builtinModules.includes(id) || id.startsWith('_')) continue
    const exported = requireBuiltin(`node:${id}`)
    skip(exported)
    for (const key of isReadable(exported) ? ownKeys(exported) : []) {
      const value = own(exported, key)
      if (typeof value === 'function' && isReadable(value)) skipClass(value, skip)
    }
    yield
  }
}

function skipClass (value, skip) {
  skip(value)
  const prototype = own(value, 'prototype')
  if (isReadable(prototype)) skip(prototype)
}

/**
 * Where a walk begins. Yields wherever the slice may end.
 * @param {(value: unknown, place: import('./place').Place, priority: number) => void} reach
 * @param {(value: object, isOurs?: boolean) => void} skip
 */
function * eachRoot (reach, skip) {
  skip(globalThis)
  skip(own(process, 'env'))
  for (const each of ownClasses) skip(each, true)
  const files = loadedFiles()
  for (const file of files) {
    if (isOwnFile(file)) skipOwn(exportsOf(file), skip)
    else if (isDependency(file)) nameClasses(exportsOf(file))
  }
  yield * eachBuiltin(skip)
  for (const file of files) {
    if (!isOwnFile(file)) {
      const place = anchor('module', moduleName(file), file)
      reach(exportsOf(file), place, isDependency(file) ? 2 : 0)
      // A module that is loaded again and again stays here each time.
      reach(own(own(own(Module, '_cache'), file), 'children'), step({ ...place, name: `module ${moduleName(file)}`, kind: 'root' }, 'property', 'children'), 3)
    }
    yield
  }
  let globals = 0
  for (const key of ownKeys(globalThis)) {
    // What the language and Node put there is not enumerable; what an app assigns is.
    const { value, enumerable } = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(globalThis, key))
    if (!isReadable(value) || value === process) continue
    if (!enumerable) skipClass(value, skip)
    else if (typeof key === 'string' && ++globals <= MAX_GLOBALS) reach(value, anchor('global', key), 1)
  }
  yield
  reach(process, anchor('global', 'process'), 0)
  for (const agent of agents()) reach(agent, anchor('root', 'the global HTTP agent'), 2)
  reachHandles(reach)
}

function skipOwn (exports, skip) {
  if (!isReadable(exports)) return
  skip(exports)
  for (const key of ownKeys(exports)) {
    const value = own(exports, key)
    if (isReadable(value)) skip(value, true)
  }
}

/** A minified package has classes called `t` and exports them by the name that people know. */
function nameClasses (exports) {
  if (!isReadable(exports) || typeof exports !== 'object') return
  const keys = ownKeys(exports)
  if (keys.length > MAX_EXPORTS) return
  for (const key of keys) {
    const value = own(exports, key)
    if (typeof value === 'function' && isReadable(value) && typeof key === 'string') nameConstructor(value, key)
  }
}

function moduleName (file) {
  const name = packageOf(file)
  return name ?? `./${path.basename(file, path.extname(file))}`
}

function agents () {
  const loaded = loadedBuiltins()
  return ['http', 'https'].filter((id) => loaded.includes(`NativeModule ${id}`)).map((id) => requireBuiltin(`node:${id}`).globalAgent)
}

/**
 * What Node.js itself keeps for whoever may ask for it. Its size is had by asking, so these stand for it.
 * @type {{type: string, name: string}[]}
 */
const ENTRIES = ['mark', 'measure'].map((type) => Object.freeze({ type, name: `the performance ${type}s that were never cleared` }))
const getEntriesByType = performance.getEntriesByType?.bind(performance)

/** @returns {typeof ENTRIES} */
function performanceEntries () {
  return getEntriesByType === undefined ? [] : ENTRIES
}

/** @returns {object[]} */
function entriesOf ({ type }) {
  return getEntriesByType(type)
}

/** Servers lead to the app by their listeners: that is the way in for ES modules, which no cache lists. */
function reachHandles (reach) {
  const activeHandles = own(process, '_getActiveHandles')
  if (typeof activeHandles !== 'function') return
  const seen = new Map()
  for (const handle of Reflect.apply(activeHandles, process, [])) {
    if (!isReadable(handle)) continue
    const type = typeName(handle)
    const count = (seen.get(type) ?? 0) + 1
    seen.set(type, count)
    if (count <= MAX_HANDLES_A_TYPE) reach(handle, anchor('root', `an active ${type}`), type === 'Server' ? 0 : 3)
  }
}

module.exports = { eachRoot, entriesOf, performanceEntries }
