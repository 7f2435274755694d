'use strict'

const { setTimeout } = require('node:timers')
const { isReadableFile } = require('../own-files')
const { anchor } = require('./place')
const { Queue } = require('./queue')
const { isReadable, own, ownKeys } = require('./read')

/** Timers of one duration that are counted, and those whose callbacks are looked into. */
const MAX_TIMERS = 50000
const MAX_DURATIONS = 1000
const MAX_CALLBACKS = 12
/** Lists that are told: one for each duration. */
const MAX_LISTS = 50
/** However else one gets to a list of timers, there is no better name for it. */
const RANK = -10

/**
 * The timers that run: their callbacks lead to the app, and a list of them is a container. Yields wherever the slice may end;
 * between two of them it holds nothing of the app but WeakRefs.
 * @param {object} walk
 * @param {InstanceType<typeof import('./scopes').Scopes>['readFunctions']} walk.read does nothing where no inspector can be had
 * @param {(callback: unknown, place: import('./place').Place) => void} walk.reach
 * @param {(list: object, place: import('./place').Place) => void} walk.tell
 */
function * eachTimerList ({ read, reach, tell }) {
  let table
  read([setTimeout], () => true, ({ variables }) => {
    for (const { object } of variables) table ??= timerTableOf(object)
  })
  const lists = new Queue()
  for (const ms of table === undefined ? [] : timerDurations(table)) {
    const list = own(table, ms)
    const callbacks = isReadable(list) ? callbacksOf(list) : []
    for (const callback of callbacks) reach(callback, anchor('root', `a timer of ${ms} ms`))
    if (callbacks.some(isReadable) && lists.length < MAX_LISTS) lists.push({ ref: new WeakRef(list), ms })
    yield
  }
  while (lists.length > 0) {
    yield
    const [first] = lists.take(1)
    if (first !== undefined) tellList(first, read, tell)
  }
}

/** With where its newest callback is written. */
function tellList ({ value: list, entry: { ms } }, read, tell) {
  read([callbacksOf(list).find(isReadable)], () => false, ({ location }) => {
    const isKnown = location !== undefined && isReadableFile(location.file)
    tell(list, anchor('root', `timers of ${ms} ms`, undefined, {
      rank: RANK,
      ...isKnown && { site: { ...location, function: null, begin: location, quality: 2 } }
    }))
  })
}

/**
 * Node's own table of the timers that run, by duration: it hangs in the scope of `setTimeout`.
 * @param {object} scope the variables of node:timers
 * @returns {object | undefined}
 */
function timerTableOf (scope) {
  const table = own(scope, 'timerListMap')
  return isReadable(table) ? table : undefined
}

/** @returns {string[]} in milliseconds */
function timerDurations (table) {
  return /** @type {string[]} */ (ownKeys(table).slice(0, MAX_DURATIONS))
}

/** What the newest timers of one duration call. */
function callbacksOf (list) {
  const callbacks = []
  let timer = own(list, '_idlePrev')
  for (let i = 0; i < MAX_CALLBACKS && isReadable(timer) && timer !== list; i++, timer = own(timer, '_idlePrev')) {
    callbacks.push(own(timer, '_onTimeout'))
  }
  return callbacks
}

/** @returns {number} how many timers run with one duration */
function countTimers (list) {
  let count = 0
  for (let timer = own(list, '_idleNext'); isReadable(timer) && timer !== list && count < MAX_TIMERS; timer = own(timer, '_idleNext')) count++
  return count
}

module.exports = { MAX_TIMERS, callbacksOf, countTimers, eachTimerList }
