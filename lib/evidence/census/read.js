'use strict'

/**
 * Looks at objects of the app without running a line of its code: own data properties by their
 * descriptors, sizes by intrinsics that were saved when this file was loaded, nothing of a Proxy.
 * Objects of other realms (vm contexts) are no different: what decides is the internal slot.
 */
const { types } = require('node:util')
const { named } = require('../../names')

const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
const { isArray } = Array

const mapSize = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get)
const setSize = uncurry(Object.getOwnPropertyDescriptor(Set.prototype, 'size')?.get)
const mapEntries = uncurry(Map.prototype.entries)
const mapHas = uncurry(Map.prototype.has)
const weakMapGet = uncurry(WeakMap.prototype.get)
const setValues = uncurry(Set.prototype.values)
const setHas = uncurry(Set.prototype.has)
const nextOfMap = uncurry(Object.getPrototypeOf(new Map().entries()).next)
const nextOfSet = uncurry(Object.getPrototypeOf(new Set().values()).next)
const sourceOf = uncurry(Function.prototype.toString)
const typedArray = (name) => uncurry(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get)
const typedArrayBuffer = typedArray('buffer')
const typedArrayBytes = typedArray('byteLength')
const typedArrayOffset = typedArray('byteOffset')
const dataView = (name) => uncurry(Object.getOwnPropertyDescriptor(DataView.prototype, name)?.get)
const dataViewBuffer = dataView('buffer')
const dataViewBytes = dataView('byteLength')
const dataViewOffset = dataView('byteOffset')
/** Not there with --jitless. */
const wasmMemory = globalThis.WebAssembly?.Memory?.prototype
const wasmMemoryBuffer = wasmMemory === undefined ? undefined : uncurry(Object.getOwnPropertyDescriptor(wasmMemory, 'buffer')?.get)
const arrayBufferBytes = uncurry(Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get)
const sharedArrayBufferBytes = uncurry(Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')?.get)

/** How far up the prototypes of one object are followed. */
const MAX_PROTOTYPES = 8

function uncurry (method) {
  return (self, ...args) => Reflect.apply(method, self, args)
}

/** What can be looked into: an object or a function, and no Proxy, whose traps are the app's code. @param {unknown} value @returns {value is object} */
function isReadable (value) {
  return (typeof value === 'object' ? value !== null : typeof value === 'function') && !types.isProxy(value)
}

/** The value of an own data property; undefined where there is none, and for getters. */
function own (object, key) {
  return getOwnPropertyDescriptor(object, key)?.value
}

/** The value of a variable in a scope; undefined in its temporal dead zone, where V8 12 and later throw. */
function variable (scope, name) {
  try {
    return own(scope, name)
  } catch {
    return undefined
  }
}

/** The prototype, or null where it ends or is a Proxy. */
function prototypeOf (object) {
  const prototype = getPrototypeOf(object)
  return prototype === null || types.isProxy(prototype) ? null : prototype
}

/** @returns {Function | undefined} what the prototypes call `constructor` */
function constructorOf (object) {
  let prototype = prototypeOf(object)
  for (let i = 0; i < MAX_PROTOTYPES && prototype !== null; i++, prototype = prototypeOf(prototype)) {
    const constructor = own(prototype, 'constructor')
    if (typeof constructor === 'function' && !types.isProxy(constructor)) return constructor
  }
  return undefined
}

/** Names of classes that a minifier took away and an export gave back. */
const exportedAs = new WeakMap()

/** @param {object} constructor a function @param {string} name */
function nameConstructor (constructor, name) {
  const own = getOwnPropertyDescriptor(constructor, 'name')?.value
  if (typeof own === 'string' && own.length <= 2 && own.length < name.length) exportedAs.set(constructor, name)
}

/** The name of what made a value, as a person would say it: 'IncomingMessage', 'string', 'function', 'null'. A class may be called by data. */
function typeName (value) {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  if (types.isProxy(value)) return 'Proxy'
  const constructor = constructorOf(value)
  if (constructor === undefined) return 'Object'
  const name = exportedAs.get(constructor) ?? own(constructor, 'name')
  return typeof name === 'string' && name !== '' ? named(name) : 'Object'
}

/** Whether a value is a Buffer, another view or an ArrayBuffer. */
function isBinary (value) {
  return types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)
}

/**
 * The ArrayBuffer that a Buffer, another view or a WebAssembly.Memory keeps alive, whole, however small
 * the view is; undefined for all else. V8 may keep up to 64 bytes of a view inside the heap until it is
 * asked for their ArrayBuffer, so ask only of what is looked into.
 * @param {object} value
 * @returns {{store: object, bytes: number, offset: number, viewed: number} | undefined} `viewed` bytes from `offset` on
 */
function storeOf (value) {
  if (types.isTypedArray(value)) return viewOf(typedArrayBuffer(value), typedArrayOffset(value), typedArrayBytes(value))
  if (types.isAnyArrayBuffer(value)) return viewOf(value)
  try {
    // Both throw where the ArrayBuffer was detached.
    if (types.isDataView(value)) return viewOf(dataViewBuffer(value), dataViewOffset(value), dataViewBytes(value))
    if (wasmMemoryBuffer !== undefined && prototypeOf(value) === wasmMemory) return viewOf(wasmMemoryBuffer(value))
  } catch {}
  return undefined
}

function viewOf (store, offset = 0, viewed = undefined) {
  const bytes = types.isSharedArrayBuffer(store) ? sharedArrayBufferBytes(store) : arrayBufferBytes(store)
  return { store, bytes, offset, viewed: viewed ?? bytes }
}

/** Function.prototype.toString without the function's own. */
function source (fn) {
  return sourceOf(fn)
}

/** The first `count` entries of a Map or Set as pairs, and no more is looked at. */
function firstEntries (container, count) {
  const entries = []
  if (types.isMap(container)) {
    const iterator = mapEntries(container)
    for (let step = nextOfMap(iterator); !step.done && entries.length < count; step = nextOfMap(iterator)) entries.push(step.value)
  } else {
    const iterator = setValues(container)
    for (let step = nextOfSet(iterator); !step.done && entries.length < count; step = nextOfSet(iterator)) entries.push([undefined, step.value])
  }
  return entries
}

module.exports = {
  constructorOf,
  firstEntries,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isArray,
  isBinary,
  isMap: types.isMap,
  isPromise: types.isPromise,
  isReadable,
  isSet: types.isSet,
  mapHas,
  mapSize,
  nameConstructor,
  own,
  ownKeys,
  prototypeOf,
  setHas,
  setSize,
  source,
  storeOf,
  typeName,
  variable,
  weakMapGet
}
