'use strict'

const { sentence } = require('../../errors')
const { PausePerHeap } = require('../../pauses')
const { debuggerProblem, loadInspector, InspectorSession } = require('../inspector')
const { toPath } = require('../to-path')
const { own, prototypeOf } = require('./read')
const { isShowable } = require('./showable')
const { now } = require('../../slices')

/** Where the bridge hangs for the moment in which the inspector picks it up. */
const BRIDGE = Symbol.for('tidemark.census.bridge')
const GROUP = 'tidemark.census'

/** Script id to path or URL; '' where it has none, and not in it where that is not known. Scripts do not change theirs. */
let scripts = new Map()
/** `new Function` makes a script each time. */
const MOST_SCRIPTS = 10000

/**
 * Where V8's own function for the name of a script is missing (Windows, an unknown Node.js): the debugger is
 * switched on for a moment, and reports all of them. For that V8 walks the whole heap.
 */
const learning = new PausePerHeap(20, 0.22)
const LEARN_INTERVAL_MS = 10000
let learnedAt = -Infinity

const UNSEEN = 'Containers in variables of functions are not seen.'

/**
 * What JavaScript cannot see of its own functions and objects: the variables in a function's scopes,
 * where it is in the source, what it is bound to, private fields, also a class's own. By an inspector session of our own
 * that does not evaluate a line of the app.
 *
 * Objects cross by a bridge object that both sides hold. Every object group is released before the
 * slice ends, so nothing of the app is kept.
 */
class Scopes {
  /** The same session: for its events, and for commands. */
  #events
  #session
  #bridgeId
  #bridge = Object.assign(Object.create(null), { out: null, in: null })
  #scriptName
  #pauses

  /**
   * @param {import('../sources').Means} [means]
   * @returns {{scopes: Scopes, problem?: undefined} | {scopes?: undefined, problem: string}}
   */
  static open (means = {}) {
    const { inspector, problem = debuggerProblem() } = loadInspector()
    if (problem !== undefined) return { problem: `${problem} ${UNSEEN}` }
    let scopes
    try {
      scopes = new Scopes(new (/** @type {typeof import('node:inspector')} */ (inspector)).Session(), means)
      scopes.#connect()
      return { scopes }
    } catch (error) {
      scopes?.close()
      return { problem: `The inspector could not be used: ${sentence(String(own(error, 'message')))} ${UNSEEN}` }
    }
  }

  /**
   * @param {import('node:inspector').Session} session not yet connected
   * @param {import('../sources').Means} means
   */
  constructor (session, { binding, pauses }) {
    // It is believed where its answer can be checked.
    if (binding !== undefined && toPath(binding.scriptName(scopeList) ?? '') === __filename) this.#scriptName = binding.scriptName
    this.#pauses = pauses
    this.#events = session
    this.#session = new InspectorSession(session)
  }

  #connect () {
    this.#events.connect()
    Object.defineProperty(globalThis, BRIDGE, { value: this.#bridge, configurable: true, enumerable: false, writable: false })
    try {
      this.#bridgeId = this.#call('Runtime.evaluate', {
        expression: `globalThis[Symbol.for('${BRIDGE.description}')]`, silent: true
      }).result.objectId
    } finally {
      delete globalThis[BRIDGE]
    }
    if (this.#bridgeId === undefined) throw new Error('it sees another global object')
  }

  close () {
    this.#session.close()
  }

  /** Learns which script is which file, where that is not asked of each function. */
  learnScripts () {
    if (this.#scriptName !== undefined || now() - learnedAt <= LEARN_INTERVAL_MS) return
    if (this.#pauses?.allow('Which files functions are in was not asked for, and the containers in their variables are not seen', learning.expectedMs) ?? true) this.#learnScripts()
  }

  /**
   * Every living object that has `prototype` among its own. V8 collects all garbage first, with
   * several full GCs: the pause is 0.5 s at a heap of 75 MB.
   * @param {object} prototype
   * @param {(objects: object[]) => void} visit called before this returns; must not keep what it gets
   */
  queryObjects (prototype, visit) {
    this.#withGroup(() => {
      const [prototypeObjectId] = this.#idsOf([prototype])
      const { objects } = this.#session.post('Runtime.queryObjects', { prototypeObjectId, objectGroup: GROUP })
      visit(this.#fetch([objects.objectId])[0])
    })
  }

  #learnScripts () {
    const startedAt = learnedAt = now()
    // All that live are reported each time; those that were collected are not.
    const living = new Map()
    const onParsed = ({ params: { scriptId, url } }) => { if (url !== '') living.set(scriptId, scripts.get(scriptId) ?? toPath(url)) }
    this.#events.on('Debugger.scriptParsed', onParsed)
    try {
      this.#session.post('Debugger.enable')
      this.#session.post('Debugger.disable')
      scripts = living
      learning.took(now() - startedAt)
    } finally {
      this.#events.off('Debugger.scriptParsed', onParsed)
    }
  }

  /**
   * @param {Function[]} functions few, since it all happens at once
   * @param {(location: FunctionLocation | undefined, index: number) => boolean} wantsScopes
   * @param {(found: Found, index: number) => void} visit called before this returns; what it gets must not be kept
   *
   * @typedef {{file: string, line: number, column: number}} FunctionLocation lines and columns from 1;
   *   `file` is '' where the code has no name
   * @typedef {{location?: FunctionLocation, variables: {description: string, object: object}[], bound: unknown[], privates: {name: string, value: unknown}[]}} Found
   */
  readFunctions (functions, wantsScopes, visit) {
    this.#withGroup(() => {
      const ids = this.#idsOf(functions)
      /** @type {Found[]} */
      const found = functions.map(() => ({ location: undefined, variables: [], bound: [], privates: [] }))
      const fetched = []
      ids.forEach((objectId, index) => {
        if (objectId === undefined) return
        const { internalProperties: internal = [], privateProperties = [] } =
          this.#session.post('Runtime.getProperties', { objectId, ownProperties: true })
        for (const { name, value } of privateProperties) {
          if (value?.objectId !== undefined) fetched.push({ index, kind: 'private', name, objectId: value.objectId })
        }
        const by = (name) => internal.find((property) => property.name === name)?.value
        const at = by('[[FunctionLocation]]')?.value
        if (at !== undefined) found[index].location = this.#locate(at, functions[index])
        const target = by('[[TargetFunction]]')
        if (target?.objectId !== undefined) {
          fetched.push({ index, kind: 'bound', objectId: target.objectId })
          const self = by('[[BoundThis]]')
          if (self?.objectId !== undefined) fetched.push({ index, kind: 'bound', objectId: self.objectId })
        }
        const scopes = by('[[Scopes]]')
        if (scopes?.objectId !== undefined && wantsScopes(found[index].location, index)) {
          fetched.push({ index, kind: 'scopes', objectId: scopes.objectId })
        }
      })
      this.#fetch(fetched.map(({ objectId }) => objectId)).forEach((value, at) => {
        const { index, kind, name } = fetched[at]
        if (kind === 'bound') found[index].bound.push(value)
        else if (kind === 'private') found[index].privates.push({ name, value })
        else found[index].variables.push(...scopeList(value))
      })
      found.forEach(visit)
    })
  }

  /**
   * Private fields, and what a Promise was fulfilled with.
   * @param {object[]} objects
   * @param {(field: {name: string, value: unknown}, index: number) => void} visit as for `readFunctions`
   * @param {boolean} [numbers] whether fields that are numbers are visited too
   */
  readHidden (objects, visit, numbers = false) {
    this.#withGroup(() => {
      const fetched = []
      this.#idsOf(objects).forEach((objectId, index) => {
        if (objectId === undefined) return
        const { privateProperties = [], internalProperties = [] } =
          this.#session.post('Runtime.getProperties', { objectId, ownProperties: true, nonIndexedPropertiesOnly: true })
        const result = internalProperties.filter(({ name }) => name === '[[PromiseResult]]')
        for (const { name, value } of [...privateProperties, ...result]) {
          if (value?.objectId !== undefined) fetched.push({ index, name, objectId: value.objectId })
          else if (numbers && typeof value?.value === 'number') visit({ name, value: value.value }, index)
        }
      })
      this.#fetch(fetched.map(({ objectId }) => objectId)).forEach((value, at) => {
        visit({ name: fetched[at].name, value }, fetched[at].index)
      })
    })
  }

  #locate ({ scriptId, lineNumber, columnNumber }, fn) {
    if (!scripts.has(scriptId)) this.#learn(scriptId, fn)
    return { file: scripts.get(scriptId) ?? '', line: lineNumber + 1, column: columnNumber + 1 }
  }

  #learn (scriptId, fn) {
    if (this.#scriptName === undefined) {
      this.learnScripts()
      return
    }
    if (scripts.size >= MOST_SCRIPTS) scripts.clear()
    scripts.set(scriptId, toPath(this.#scriptName(fn) ?? ''))
  }

  /** JavaScript to inspector; undefined for what the inspector must not look at. */
  #idsOf (all) {
    const values = all.map((value) => isShowable(value) ? value : undefined)
    this.#bridge.out = values
    const list = this.#call('Runtime.callFunctionOn', {
      objectId: this.#bridgeId, functionDeclaration: 'function () { return this.out }', silent: true, objectGroup: GROUP
    }).result.objectId
    const ids = values.map(() => undefined)
    for (const { name, value } of this.#session.post('Runtime.getProperties', { objectId: list, ownProperties: true }).result) {
      if (name !== 'length' && name in ids) ids[name] = value?.objectId
    }
    return ids
  }

  /** Inspector to JavaScript. */
  #fetch (ids) {
    if (ids.length === 0) return []
    this.#call('Runtime.callFunctionOn', {
      objectId: this.#bridgeId,
      functionDeclaration: 'function (...values) { this.in = values }',
      arguments: ids.map((objectId) => ({ objectId })),
      silent: true,
      returnByValue: true
    })
    return this.#bridge.in ?? []
  }

  #withGroup (work) {
    if (debuggerProblem() !== undefined) throw new Error('a debugger was attached')
    try {
      work()
    } finally {
      this.#bridge.out = this.#bridge.in = null
      this.#session.post('Runtime.releaseObjectGroup', { objectGroup: GROUP })
    }
  }

  /** A command that runs a line of ours, which may throw. */
  #call (method, parameters) {
    const answer = this.#session.post(method, parameters)
    if (answer.exceptionDetails !== undefined) throw new Error(`${method}: ${answer.exceptionDetails.text}`)
    return answer
  }
}

/** V8's own list: an array without Array's prototype, of `{description, object}`. */
function scopeList (list) {
  const scopes = []
  const length = own(list, 'length')
  for (let i = 0; i < length; i++) {
    const scope = own(list, i)
    const description = own(scope, 'description')
    const object = own(scope, 'object')
    if (typeof description === 'string' && !description.startsWith('Global') && object !== null && prototypeOf(object) !== globalThis) {
      scopes.push({ description, object })
    }
  }
  return scopes
}

module.exports = { Scopes }
