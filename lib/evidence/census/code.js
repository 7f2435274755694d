'use strict'

const { types } = require('node:util')
const { constructorOf, own, prototypeOf, source } = require('./read')
const { isDependency } = require('./place')
const { hasMethods, isPrototype } = require('./shape')

/** Functions of the same text differ in what they close over, and a few of them tell enough. */
const MAX_SAME_SOURCE = 6
/** Functions that are reached through one file of a dependency: they share its variables. */
const MAX_OF_DEPENDENCY = 10
/** Steps from a file's variables and exports within which functions are the file's own. */
const OWN_DISTANCE = 2
/** In the text of a class; not a comment's '#'. */
const PRIVATE_FIELD = /#[A-Za-z_$][\w$]*\s*[=;(]/
/** Whoever writes functions that long bundles, and has no names to find in them. */
const LONGEST_SOURCE = 1e6

/** What a walk knows of the code that it meets: which functions are worth a question, which classes have private fields, and where methods fill fields. */
class Code {
  /** Of a prototype, or of an object that has methods itself: where they fill its fields. */
  #fills = new WeakMap()
  #classes = new WeakMap()
  #sources = new Map()
  /** @type {Map<string, number>} functions read so far, by file of a dependency */
  #ofFile = new Map()
  #read

  /** @param {WeakSet<Function>} read functions of dependencies that need not be read again */
  constructor (read) {
    this.#read = read
  }

  /** @param {Function} fn @param {import('./place').Place} place */
  isWorthReading (fn, place) {
    const { file } = place
    // What hangs deeper, or in a list, may well be the app's: routes, listeners, plugins.
    if (file !== undefined && place.distance <= OWN_DISTANCE && place.kind !== 'entry' && isDependency(file)) {
      const count = (this.#ofFile.get(file) ?? 0) + 1
      if (count > MAX_OF_DEPENDENCY || this.#read.has(fn)) return false
      this.#ofFile.set(file, count)
      this.#read.add(fn)
    }
    const text = source(fn)
    if (text.length > LONGEST_SOURCE) return false
    // Native code and bound functions have no scopes; of the latter the target is asked for.
    if (text.endsWith('{ [native code] }')) return String(own(fn, 'name')).startsWith('bound ')
    const count = (this.#sources.get(text) ?? 0) + 1
    this.#sources.set(text, count)
    return count <= MAX_SAME_SOURCE
  }

  /** Whether a class of it declares any. @param {object} object */
  hasPrivateFields (object) {
    for (let constructor = /** @type {object | null | undefined} */ (constructorOf(object)), i = 0; typeof constructor === 'function' && i < 4; constructor = prototypeOf(constructor), i++) {
      let has = this.#classes.get(constructor)
      if (has === undefined) {
        const text = types.isProxy(constructor) ? '' : source(constructor)
        has = text.startsWith('class') ? PRIVATE_FIELD.test(text) : null
        this.#classes.set(constructor, has)
      }
      if (has === null) return false
      if (has) return true
    }
    return false
  }

  /**
   * Where the fields of an object are filled, by its own methods and those of its classes; known when
   * those were read.
   * @param {object} object
   * @param {(string | symbol)[]} [keys] of its own, where they are known
   * @returns {Map<string, import('./mention').Mention>[] | undefined} its own first
   */
  fillsOf (object, keys = []) {
    if (typeof object !== 'object') return undefined
    let fills = this.#fills.get(object)
    if (fills !== undefined) return fills
    const isHome = isPrototype(object) || hasMethods(object, keys)
    const prototype = prototypeOf(object)
    const inherited = prototype !== null && prototype !== Object.prototype ? this.fillsOf(prototype) : undefined
    fills = isHome ? [new Map(), ...inherited ?? []] : inherited
    if (isHome) this.#fills.set(object, fills)
    return fills
  }
}

module.exports = { Code }
