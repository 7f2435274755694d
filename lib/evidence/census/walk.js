'use strict'

const Module = require('node:module')
const { types } = require('node:util')
const { constructorOf, firstEntries, getOwnPropertyDescriptor, isArray, isBinary, isMap, isReadable, isSet, mapSize, own, ownKeys, prototypeOf, setSize, typeName, variable } = require('./read')
const { isReadableFile } = require('../own-files')
const { isCapName } = require('./cap-name')
const { lengthOf, linkOf } = require('./chain')
const { Code } = require('./code')
const { MOST_UNEXPLAINED, bytesExplained, largeObjectSpace } = require('./large-objects')
const { capIn, mentionOf, noteFills } = require('./mention')
const { hasComputedKeys, keysAmong, keysNamedByClass, namesInFile } = require('./named-keys')
const { anchor, isBetter, isDependency, step } = require('./place')
const { Queue } = require('./queue')
const { eachRoot, performanceEntries } = require('./roots')
const {
  DICTIONARY, ENTRIES_OF_LARGE, SMALL, isCrowdedEmitter, isEmitter, isHidden, isOfEvents, isPlain, isPrototype, large, lengthOfQueue,
  mayBeDictionary, mayBeFilled, mayBecomeDictionary, sampledIndices, shapeOf, sizeOf, typeOf
} = require('./shape')
const { eachTimerList } = require('./timers')

const MAX_OBJECTS = 60000
const MAX_FUNCTIONS = 3000
const MAX_DEPTH = 14
/** Functions asked for at once: at about 50 us each this is a short slice. */
const FUNCTIONS_AT_ONCE = 10
/** Variables and properties that are followed where they are structure: scopes, modules' exports. */
const MAX_STRUCTURE = 500
const PRIORITIES = 4
const MAX_WEAK_MAPS = 50
/** Characters from which on a string may be one that grows. */
const LONG_TEXT = 32768
/**
 * Walks from what is known by name (modules, globals, listeners, servers, timers) through own data
 * properties, entries and, with an inspector, the variables that functions close over, the app's own
 * code first. Tells every container that it meets.
 *
 * Between two slices it holds nothing of the app but WeakRefs.
 */
class Walk {
  objects = 0
  functions = 0
  truncated = false
  /** @type {string[]} */
  problems = []
  /** @type {WeakRef<WeakMap<object, unknown>>[]} that were met */
  weakMaps = []
  #scopes
  #slices
  #found
  #foundText
  #visited = new WeakSet()
  /** tidemark's classes: what they made is not looked into. */
  #ours = new WeakSet()
  /** @type {WeakMap<object, import('./place').Place>} containers that were told, by the place that was told */
  #places = new WeakMap()
  /** @type {WeakMap<object, import('./place').Place>} what a variable was found to hold, by that variable */
  #anchors = new WeakMap()
  /** Of a method, the fields that it may fill. */
  #methods = new WeakMap()
  #objectQueues = Array.from({ length: PRIORITIES }, () => new Queue())
  #functionQueues = Array.from({ length: PRIORITIES }, () => new Queue())
  /** Objects whose keys are still to be listed, once that is safe. */
  #waiting = new Queue()
  /** Modules among them: their files are still to be asked for names. */
  #modules = new Queue()
  #privates = new Queue()
  #code
  #unexplained = 0

  /**
   * @param {object} options
   * @param {InstanceType<typeof import('./scopes').Scopes> | undefined} options.scopes
   * @param {InstanceType<typeof import('../../slices').Slices>} options.slices
   * @param {WeakSet<Function>} [options.read] functions of dependencies that need not be read again
   * @param {(container: object, seen: {shape: import('./shape').Shape, type: string, size: number, place: import('./place').Place, owner?: object}) => void} options.found
   *   called again when a better place turns up
   * @param {(place: import('./place').Place, length: number) => void} [options.foundText] for long strings
   */
  constructor ({ scopes, slices, read = new WeakSet(), found, foundText = () => {} }) {
    this.#code = new Code(read)
    this.#scopes = scopes
    this.#slices = slices
    this.#found = found
    this.#foundText = foundText
  }

  async run () {
    this.#unexplained = largeObjectSpace()
    const roots = eachRoot((value, place, priority) => this.#reach(value, place, priority, 0), (value, isOurs) => {
      this.#visited.add(value)
      if (isOurs) this.#ours.add(value)
    })
    while (!roots.next().done) if (this.#slices.full) await this.#slices.turn()
    for (const kept of performanceEntries()) this.#tell(kept, 'entries', sizeOf(kept, 'entries'), anchor('root', kept.name))
    await this.#slices.turn()
    if (this.#scopes !== undefined) this.#withInspector(() => this.#scopes.learnScripts())
    await this.#slices.turn()
    const timers = eachTimerList({
      read: (...asked) => this.#withInspector(() => this.#scopes?.readFunctions(...asked)),
      reach: (callback, place) => this.#reach(callback, place, 0, 0),
      tell: (list, place) => this.#tell(list, 'timers', sizeOf(list, 'timers'), place)
    })
    while (!timers.next().done) if (this.#slices.full) await this.#slices.turn()
    while (this.#next() || await this.#readModule()) {
      if (this.#slices.over || this.objects >= MAX_OBJECTS) {
        this.truncated = true
        break
      }
      if (this.#slices.full) await this.#slices.turn()
    }
    if (this.#waiting.length > 0 && !this.truncated) {
      this.problems.push(`Properties of ${this.#waiting.length} objects were left out: ${Math.round(this.#unexplained / 1e6)} MB of large objects ` +
        'are unaccounted for, and listing a dictionary of that size would block the event loop.')
      this.truncated = true
    }
    this.#slices.end()
  }

  /** Does one step. @returns {boolean} whether there was one to do */
  #next () {
    for (let priority = 0; priority < PRIORITIES; priority++) {
      if (this.#takeNext(this.#objectQueues[priority], (object, entry) => this.#expand(object, entry))) return true
      if (this.#privates.length > 0) return this.#readPrivates()
      if (this.#functionQueues[priority].length > 0 && this.functions < MAX_FUNCTIONS) return this.#readFunctions(this.#functionQueues[priority])
    }
    if (this.#functionQueues.some(({ length }) => length > 0)) this.truncated ||= this.#scopes !== undefined
    return !this.#isDangerous() && this.#takeNext(this.#waiting, (object, entry) => this.#expandProperties(object, entry))
  }

  #takeNext (queue, expand) {
    const entry = queue.shift()
    if (entry === undefined) return false
    const object = entry.ref.deref()
    if (object === undefined) return true
    try {
      expand(object, entry)
    } catch {
      // An exotic object that does not let itself be read is left alone.
    }
    return true
  }

  /**
   * @param {unknown} value
   * @param {import('./place').Place} place
   * @param {number} priority 0 is the first
   * @param {number} depth
   * @param {object} [owner] what has it as a property or private field
   */
  #reach (value, place, priority, depth, owner) {
    if (typeof value === 'string' && value.length >= LONG_TEXT && place.kind !== 'entry') this.#foundText(place, value.length)
    if (!isReadable(value)) return
    if (this.#visited.has(value)) {
      this.#offerPlace(value, place, owner)
      return
    }
    this.#visited.add(value)
    if (isBinary(value)) return
    if (types.isWeakMap(value) && this.weakMaps.length < MAX_WEAK_MAPS) this.weakMaps.push(new WeakRef(value))
    const shape = shapeOf(value)
    if (shape !== undefined) this.#tell(value, shape, sizeOf(value, shape), place, owner)
    if (depth >= MAX_DEPTH) return
    const entry = { ref: new WeakRef(value), place, priority: Math.min(priority, PRIORITIES - 1), depth, owner: owner && new WeakRef(owner) }
    if (typeof value === 'function') this.#functionQueues[entry.priority].push(entry)
    this.#objectQueues[entry.priority].push(entry)
  }

  #tell (value, shape, size, place, owner) {
    this.#places.set(value, place)
    this.#unexplained -= bytesExplained(value, shape, size)
    this.#found(value, { shape, type: typeOf(value, shape), size, place, owner })
  }

  /** The same container by another way, which may be the better one to name it by. */
  #offerPlace (value, place, owner) {
    const known = this.#places.get(value)
    if (known === undefined || !isBetter(place, known)) return
    this.#places.set(value, place)
    const shape = shapeOf(value) ?? 'object'
    this.#found(value, { shape, type: typeOf(value, shape), size: undefined, place, owner })
  }

  #isDangerous () {
    return this.#unexplained > MOST_UNEXPLAINED
  }

  #expand (object, entry) {
    this.objects++
    const made = constructorOf(object)
    if (made !== undefined && this.#ours.has(made)) return
    const { place, priority, depth } = entry
    if (isArray(object)) {
      for (const index of sampledIndices(own(object, 'length'))) {
        this.#reach(own(object, index), step(place, 'entry', '', 'Array'), large(own(object, 'length')) ? priority + 1 : priority, depth + 1)
      }
      return
    }
    if (isMap(object) || isSet(object)) {
      const size = isMap(object) ? mapSize(object) : setSize(object)
      const deeper = large(size) ? priority + 1 : priority
      for (const [key, value] of firstEntries(object, large(size) ? ENTRIES_OF_LARGE : SMALL)) {
        this.#reach(key, step(place, 'entry', '', 'Map'), deeper, depth + 1)
        this.#reach(value, step(place, 'entry', '', 'Map'), deeper, depth + 1)
      }
    }
    if (isEmitter(object)) this.#reachListeners(object, entry)
    if (this.#isDangerous() && mayBeDictionary(object)) this.#expandNamed(object, entry)
    else this.#expandProperties(object, entry)
    this.#expandPrototype(object, place, priority, depth)
  }

  /** What can be followed without listing the keys; the rest has to wait. */
  #expandNamed (object, entry) {
    this.#follow(object, keysNamedByClass(object), entry)
    // The inspector lists all keys with the private fields.
    if (!hasComputedKeys(object)) this.#queuePrivates(object, entry)
    this.#waiting.push(entry)
    if (entry.place.kind === 'module') this.#modules.push(entry)
  }

  /** @returns {Promise<boolean>} whether there was one to read */
  async #readModule () {
    const entry = this.#modules.shift()
    if (entry === undefined) return false
    const names = await this.#slices.rest(namesInFile(entry.place.file))
    const exports = entry.ref.deref()
    if (exports !== undefined) this.#follow(exports, keysAmong(exports, names), entry)
    return true
  }

  #expandProperties (object, entry) {
    if (object === process) return
    const { place } = entry
    const keys = prototypeOf(object) === Module.prototype ? ['exports'] : ownKeys(object)
    let followed = keys
    if (typeof object === 'object' && (keys.length > DICTIONARY || (mayBecomeDictionary(keys) && isPlain(object))) && !isPrototype(object)) {
      this.#tell(object, 'object', keys.length, place, entry.owner?.deref())
    }
    if (typeof object === 'object' && keys.length > DICTIONARY) {
      if (place.distance > 0 || keys.length > MAX_STRUCTURE) followed = sampledIndices(keys.length).map((index) => keys[index])
    }
    this.#tellChain(object, keys, entry)
    this.#follow(object, followed, entry, keys.length > DICTIONARY && place.distance > 0 ? 'entry' : 'property')
    this.#queuePrivates(object, entry)
  }

  /** A linked list, by its head: what was reached by the same property is a node of it. */
  #tellChain (object, keys, { place, owner }) {
    if (keys.length > DICTIONARY || place.kind === 'entry' || shapeOf(object) !== undefined) return
    const link = linkOf(object, keys)
    if (link === undefined || place.name === String(link) || (place.kind === 'property' && place.owner === typeName(object) && place.owner !== 'Object')) return
    this.#tell(object, 'chain', lengthOf(object, link), place, owner?.deref())
  }

  #queuePrivates (object, { place, priority, depth }) {
    if (typeof object !== 'object' || this.#scopes === undefined || !this.#code.hasPrivateFields(object)) return
    this.#privates.push({ ref: new WeakRef(object), place, priority, depth, type: typeName(object), fills: this.#code.fillsOf(object) })
  }

  #follow (object, keys, { place, priority, depth }, kind = 'property') {
    const type = typeName(object)
    const fills = this.#code.fillsOf(object, keys)
    for (const key of keys) {
      // The list of listeners is the emitter's.
      if (isHidden(object, key) || (key === '_events' && isEmitter(object))) continue
      const descriptor = getOwnPropertyDescriptor(object, key)
      if (descriptor === undefined) continue
      const next = step(place, kind, String(key), type, fills)
      if ('value' in descriptor) {
        if (typeof descriptor.value === 'function') this.#methods.set(descriptor.value, fills?.[0])
        this.#reach(descriptor.value, next, priority, depth + 1, object)
      } else {
        // Accessors are never called; what they close over is read as of any function.
        this.#reach(descriptor.get, next, priority, depth + 1)
        this.#reach(descriptor.set, next, priority, depth + 1)
      }
    }
  }

  /** The lists of listeners are the emitter's; what matters is where they lead. */
  #reachListeners (emitter, { place: begin, priority, depth }) {
    const events = own(emitter, '_events')
    if (!isReadable(events)) return
    this.#visited.add(events)
    if (isCrowdedEmitter(emitter)) return
    const place = step(begin, 'property', '_events', typeName(emitter))
    const names = ownKeys(events)
    for (const index of sampledIndices(names.length)) {
      const listeners = own(events, names[index])
      const list = isReadable(listeners) && isArray(listeners) ? listeners : [listeners]
      for (const at of sampledIndices(own(list, 'length'))) {
        this.#reach(own(list, at), step(place, 'entry', '', 'Array'), priority, depth + 1)
      }
    }
  }

  /** Methods lead to the variables of the file that their class is in. */
  #expandPrototype (object, place, priority, depth) {
    const prototype = prototypeOf(object)
    if (prototype !== null) this.#reach(prototype, step(place, 'property', '__proto__', undefined), priority, depth + 1)
  }

  #readPrivates () {
    const batch = this.#privates.take(FUNCTIONS_AT_ONCE)
    this.#withInspector(() => this.#scopes.readHidden(batch.map(({ value }) => value), ({ name, value }, index) => {
      const { place, priority, depth, type, fills } = batch[index].entry
      this.#reach(value, step(place, 'private', name, type, fills), priority, depth + 1, batch[index].value)
    }))
    return true
  }

  #readFunctions (queue) {
    const batch = queue.take(FUNCTIONS_AT_ONCE).filter(({ value, entry }) => this.#code.isWorthReading(value, entry.place))
    if (batch.length === 0 || this.#scopes === undefined) return true
    this.functions += batch.length
    this.#withInspector(() => this.#scopes.readFunctions(
      batch.map(({ value }) => value),
      (location) => location !== undefined && (isReadableFile(location.file) || isOfEvents(location)),
      ({ location, variables, bound, privates }, index) => {
        const { value, entry } = batch[index]
        const fills = this.#methods.get(value)
        if (fills !== undefined && location?.file) noteFills(value, location, fills)
        for (const field of privates) this.#reach(field.value, step(entry.place, 'private', field.name, undefined), entry.priority, entry.depth + 1)
        for (const object of bound) this.#reach(object, entry.place, entry.priority, entry.depth + 1)
        if (isOfEvents(location)) this.#reachUnconsumed(variables, entry)
        else for (const { object } of variables) this.#reachVariables(object, value, location, entry)
      }
    ))
    return true
  }

  /** What `events.on()` keeps of events until somebody takes them: the lists of a queue, or one list. */
  #reachUnconsumed (variables, { place, depth }) {
    for (const { object } of variables) {
      const queue = variable(object, 'unconsumedEvents')
      if (!isReadable(queue)) continue
      // Of the emitter, whose list of listeners led here.
      const name = step(place.parent?.parent ?? place, 'property', 'unconsumedEvents', 'EventEmitter')
      if (isArray(queue)) this.#reach(queue, name, 0, depth + 1)
      else if (isReadable(own(queue, 'tail')) && isArray(own(own(queue, 'tail'), 'list'))) this.#tell(queue, 'queue', lengthOfQueue(queue), name)
    }
  }

  #reachVariables (scope, fn, location, entry) {
    const dependency = isDependency(location.file)
    const priority = dependency ? Math.max(1, entry.priority) : 0
    const names = ownKeys(scope)
    // A cache that is a closure has its settings in the same scope. In the app's own code a number may be about anything.
    const capBeside = dependency && names.length <= DICTIONARY
      ? names.filter(isCapName).map((name) => variable(scope, name)).find((value) => value > 0)
      : undefined
    for (const name of names.slice(0, MAX_STRUCTURE)) {
      const value = variable(scope, name)
      if (typeof name !== 'string' || !(isReadable(value) || typeof value === 'string')) continue
      const known = isReadable(value) ? this.#anchors.get(value) : undefined
      const site = mayBeFilled(value) ? mentionOf(fn, location, name, (known ?? this.#places.get(/** @type {object} */ (value)))?.site?.quality) : undefined
      const cap = isReadable(value) ? capIn(fn, name, (other) => variable(scope, other)) ?? capBeside : undefined
      const place = anchor('variable', name, location.file, { line: location.line, site, cap })
      if (known?.name === name && known.file === location.file) {
        // What hangs on a variable that is known was named by it, and so hears of the better line too.
        if (isBetter(place, known)) known.site = site
        known.cap ??= cap
      }
      if (known === undefined && isReadable(value)) this.#anchors.set(value, place)
      this.#reach(value, place, priority, dependency ? entry.depth + 1 : 0)
    }
  }

  #withInspector (work) {
    try {
      work()
    } catch (error) {
      this.problems.push(`The inspector stopped answering (${own(error, 'message')}): some variables of functions were not seen.`)
      this.#scopes = undefined
      this.truncated = true
    }
  }
}

module.exports = { Walk }
