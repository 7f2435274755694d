'use strict'

const { readFile, stat } = require('node:fs/promises')
const { types } = require('node:util')
const { getOwnPropertyDescriptor, own, prototypeOf, source } = require('./read')

/** Longer texts are bundles, and name everything. */
const LONGEST_TEXT = 300000
const MAX_NAMES = 3000
/** Classes that an object inherits from. */
const MAX_CLASSES = 4
const IDENTIFIER = /[A-Za-z_$][\w$]*/g
/** In the text of a class: it may use its instances as dictionaries. */
const COMPUTED = /\bthis\s*\[/

/** @type {WeakMap<Function, {names: string[], computes: boolean}>} */
const ofClass = new WeakMap()

/**
 * Keys of an object that may have too many to be listed: those that the source of its classes names.
 * What a class keeps (`this.sessions`) is among them; what was put there by an id is not.
 * @param {object} object
 * @returns {string[]}
 */
function keysNamedByClass (object) {
  return keysAmong(object, new Set(classesOf(object).flatMap(({ names }) => names)))
}

/** Whether its classes fill an object by computed keys: `this[id] =`. */
function hasComputedKeys (object) {
  return classesOf(object).some(({ computes }) => computes)
}

function classesOf (object) {
  const classes = []
  let prototype = prototypeOf(object)
  for (let i = 0; i < MAX_CLASSES && prototype !== null; i++, prototype = prototypeOf(prototype)) {
    const constructor = own(prototype, 'constructor')
    if (typeof constructor === 'function' && !types.isProxy(constructor)) classes.push(readClass(constructor))
  }
  return classes
}

function readClass (constructor) {
  const known = ofClass.get(constructor)
  if (known !== undefined) return known
  const text = source(constructor)
  const read = { names: namesIn(text), computes: COMPUTED.test(text) }
  ofClass.set(constructor, read)
  return read
}

/** @returns {string[]} those of the names that are keys of the object */
function keysAmong (object, names) {
  return [...names].filter((name) => getOwnPropertyDescriptor(object, name) !== undefined)
}

function namesIn (text) {
  return text.length > LONGEST_TEXT || text.endsWith('{ [native code] }') ? [] : [...new Set(text.match(IDENTIFIER))].slice(0, MAX_NAMES)
}

/**
 * What the file of a module names: what it exports by name is among that.
 * @param {string} file
 * @returns {Promise<string[]>} none where the file cannot be read
 */
async function namesInFile (file) {
  try {
    const { size } = await stat(file)
    return size > LONGEST_TEXT ? [] : namesIn(await readFile(file, 'utf8'))
  } catch {
    return []
  }
}

module.exports = { hasComputedKeys, keysAmong, keysNamedByClass, namesInFile }
