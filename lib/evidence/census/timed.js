'use strict'

const { MAX_TIMERS, callbacksOf } = require('./timers')
const { isReadable, own, ownKeys, source, variable } = require('./read')
const { runningTimer } = require('./expiry')

/** Entries of which so many have a timer all have one: the newest come between two counts. */
const MOST = 0.75
/** Timers of one list that are looked at. */
const LOOKED_AT = 3
/** Longer functions are not searched. */
const MAX_SOURCE = 100000
/** What code can call a container by. A key that is data names none, and would be read as a pattern. */
const IDENTIFIER = /^#?[A-Za-z_$][\w$]{0,99}$/
/** Functions that a callback may call to end an entry. */
const MAX_CALLED = 20

/**
 * How long the entries of a container live where the timers that end them are not in it, but beside it: the timers of
 * one duration are as many as the entries, and what they call takes entries out by the container's name.
 *
 * @param {{size: number, name: string}} container what it is called, as a variable or a property
 * @param {{list: object, size: number}[]} lists timers of one duration each, as Node.js keeps them
 * @param {InstanceType<typeof import('./scopes').Scopes>} [scopes]
 * @returns {{by: 'timer', afterMs: number} | undefined} the longest life
 */
function timedBy ({ size, name }, lists, scopes) {
  if (!IDENTIFIER.test(name)) return undefined
  const areMost = (some) => size > 0 && some.reduce((sum, list) => sum + (list.size < MAX_TIMERS ? list.size : Infinity), 0) >= MOST * size
  // What repeats ends nothing.
  const once = lists.map(({ list, size }) => ({ list, size, life: runningTimer(own(list, '_idlePrev'))?.afterMs })).filter(({ life }) => life > 0)
  if (!areMost(once)) return undefined
  const ends = endsOf(name)
  const ending = once.filter(({ list }) => {
    const callbacks = callbacksOf(list).filter((callback) => typeof callback === 'function' && isReadable(callback)).slice(0, LOOKED_AT)
    return callbacks.length > 0 && callbacks.every((callback) => ends.test(textOf(callback)) || calls(callback, ends, scopes))
  })
  return areMost(ending) ? { by: 'timer', afterMs: Math.max(...ending.map(({ life }) => life)) } : undefined
}

/** `keys.delete(`, `this.#keys.delete(`, `delete this.keys[`. */
function endsOf (name) {
  const word = `(?<![\\w$#])${name.replaceAll('$', '\\$')}`
  return new RegExp(`${word}\\s{0,9}\\??\\.\\s{0,9}delete\\s{0,9}\\(|\\bdelete\\s{1,9}[\\w$.#]{0,99}${word}\\s{0,9}[[.]`)
}

function textOf (fn) {
  const text = source(fn)
  return text.length > MAX_SOURCE ? '' : text
}

/** Whether a callback calls a function beside it that takes entries out: `() => expire(key)`. */
function calls (callback, ends, scopes) {
  if (scopes === undefined) return false
  let found = false
  try {
    const text = textOf(callback)
    const called = new Set([...text.matchAll(/(?<![\w$.])([A-Za-z_$][\w$]{0,99})\s{0,9}\(/g)].slice(0, MAX_CALLED).map(([, name]) => name))
    scopes.readFunctions([callback], () => called.size > 0, ({ variables }) => {
      for (const { object } of variables) {
        for (const name of ownKeys(object)) {
          const value = called.has(name) ? variable(object, name) : undefined
          found ||= typeof value === 'function' && isReadable(value) && ends.test(textOf(value))
        }
      }
    })
  } catch {
    return false
  }
  return found
}

module.exports = { timedBy }
